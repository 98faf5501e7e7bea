import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { WorkflowError } from '../../errors.ts'

/** Where webhooks may go beside the open internet. */
export interface WebhookRules {
  /** This machine: where nobody else reaches the server that calls. */
  readonly isLocalAllowed: boolean
  /** Machines of the same network. */
  readonly isPrivateAllowed: boolean
}

/** For a server that only this machine reaches. */
export const usualWebhookRules: WebhookRules = { isLocalAllowed: true, isPrivateAllowed: false }

type Zone = 'forbidden' | 'local' | 'private' | 'public'

/** Address blocks by what is behind them: RFC 6890, RFC 3927, RFC 4193, RFC 6598. */
const blocks: Readonly<Record<Exclude<Zone, 'public'>, readonly string[]>> = {
  // Link-local addresses serve the keys of machines in a cloud; the others name no machine.
  forbidden: [
    ...['169.254.0.0/16', 'fe80::/10', 'fd00:ec2::254/128', '0.0.0.0/8', '::/128'],
    ...['224.0.0.0/4', '240.0.0.0/4', 'ff00::/8'],
  ],
  local: ['127.0.0.0/8', '::1/128'],
  private: [
    ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '198.18.0.0/15'],
    ...['fc00::/7', '64:ff9b::/96'],
  ],
}

const zones = Object.entries(blocks).map(([zone, subnets]) => {
  const list = new BlockList()
  for (const subnet of subnets) {
    const [address = '', prefix] = subnet.split('/')
    list.addSubnet(address, Number(prefix), address.includes(':') ? 'ipv6' : 'ipv4')
  }
  return { zone: zone as Zone, list }
})

/**
 * Throws a WorkflowError where a webhook may not go there, as far as its address tells: names are
 * looked up when it is called.
 */
export function demandTarget(url: string, rules: WebhookRules): void {
  if (!URL.canParse(url)) {
    throw new WorkflowError(`webhook: "${url}" is no address, expected http or https`)
  }
  const { protocol } = new URL(url)
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw new WorkflowError(`webhook: address begins with ${protocol}, expected http: or https:`)
  }
  const host = hostOf(url)
  const isOwn = host === 'localhost' || host.endsWith('.localhost')
  const fault = isOwn ? faultOf('local', host, rules) : addressFault(host, rules)
  if (fault !== undefined) throw new WorkflowError(`webhook: ${fault}`)
}

/** What is wrong with where the name of a webhook leads now; nothing where it may be called. */
export async function targetFault(url: string, rules: WebhookRules): Promise<string | undefined> {
  const host = hostOf(url)
  const found = isIP(host) ? [{ address: host }] : await lookup(host, { all: true })
  for (const { address } of found) {
    const fault = addressFault(address, rules)
    if (fault !== undefined) return fault
  }
  return undefined
}

function addressFault(host: string, rules: WebhookRules): string | undefined {
  const version = isIP(host)
  if (version === 0) return undefined
  const family = version === 6 ? 'ipv6' : 'ipv4'
  const zone = zones.find(({ list }) => list.check(host, family))?.zone ?? 'public'
  return faultOf(zone, host, rules)
}

function faultOf(zone: Zone, host: string, rules: WebhookRules): string | undefined {
  const remedy = 'start the server with --allow-private-webhooks'
  if (zone === 'forbidden') return `${host} is no address of a server, a public one expected`
  if (zone === 'public' || rules.isPrivateAllowed) return undefined
  if (zone === 'private') return `${host} is in a private network, a public one expected; ${remedy}`
  if (rules.isLocalAllowed) return undefined
  return `${host} is the server's own machine, another one expected; ${remedy}`
}

/** The host of an address, an IPv6 one without its brackets. */
function hostOf(url: string): string {
  return new URL(url).hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
}
