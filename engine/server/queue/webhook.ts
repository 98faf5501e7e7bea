import { createHmac } from 'node:crypto'
import { messageOf } from '../../errors.ts'
import type { Database } from './database.ts'
import type { Journal } from './types.ts'
import { targetFault, usualWebhookRules, type WebhookRules } from './webhook-target.ts'

/** Calls that were ordered when runs ended. */
export interface Webhooks {
  /** There may be a new one. */
  wake(): void
  /** Resolves once nothing is under way; what waits for its next try stays in the database. */
  stop(): Promise<void>
}

interface WebhookOptions {
  readonly database: Database
  readonly clock: () => number
  /** Is told of a call that was given up. */
  readonly journal?: Journal
  /** Milliseconds before the second try, the third, and so on. */
  readonly delays?: readonly number[]
  /** Milliseconds that a server has to answer. */
  readonly patience?: number
  /** Those of a server that only this machine reaches unless given. */
  readonly rules?: WebhookRules
}

interface Delivery {
  readonly run: string
  readonly url: string
  readonly secret: string | null
  readonly body: string
  readonly attempts: number
  readonly due: number
}

const atOnce = 4

/**
 * Sends what the database holds, also of an earlier process, and tries again where the answer is
 * not 2xx. A redirect is no answer. A call may arrive twice: after a crash nobody knows whether the
 * last one did. `x-mazeru-delivery` is the run, by which a receiver tells.
 */
export function openWebhooks(options: WebhookOptions): Webhooks {
  const { database, clock, journal, delays = [2000, 15_000, 120_000], patience = 10_000 } = options
  const { rules = usualWebhookRules } = options
  const underWay = new Map<string, Promise<void>>()
  const stopped = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const next = () => {
    clearTimeout(timer)
    if (stopped.signal.aborted) return
    const free = atOnce - underWay.size
    const all = nextDeliveries(database, atOnce * 2).filter(({ run }) => !underWay.has(run))
    const due = all.filter((delivery) => delivery.due <= clock())
    for (const delivery of due.slice(0, free)) {
      const sending = attempt(delivery).finally(() => {
        underWay.delete(delivery.run)
        next()
      })
      underWay.set(delivery.run, sending)
    }
    const later = all.find((delivery) => delivery.due > clock())
    if (!later) return
    timer = setTimeout(next, Math.min(later.due - clock(), 2 ** 31 - 1))
    timer.unref()
  }
  const attempt = async (delivery: Delivery) => {
    const signal = AbortSignal.any([stopped.signal, limit(patience)])
    const fault = await send(delivery, rules, signal)
    if (stopped.signal.aborted && fault !== undefined) return
    try {
      settle(delivery, fault)
    } catch {
      // A full disk: the call stays as it was, and is made again at the next start.
    }
  }
  const settle = ({ run, url, attempts }: Delivery, fault: string | undefined) => {
    const delay = delays[attempts]
    if (fault !== undefined && delay !== undefined) {
      database
        .query('UPDATE deliveries SET attempts = ?, due = ? WHERE run = ?')
        .run(attempts + 1, clock() + delay, run)
      return
    }
    database.query('DELETE FROM deliveries WHERE run = ?').run(run)
    if (fault === undefined) return
    const tries = `${attempts + 1} tries`
    const message = `webhook of run ${run}: ${fault} from ${new URL(url).host} in ${tries}, `
    journal?.add({ type: 'notice', message: `${message}expected an answer of 200 to 299` })
  }
  next()
  return {
    wake: next,
    async stop() {
      stopped.abort()
      clearTimeout(timer)
      await Promise.all(underWay.values())
    },
  }
}

/** The value of the header that proves who sent a body: HMAC-SHA256 under the shared secret. */
export function signatureOf(body: string, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
}

/** Sends once; gives what was wrong, or nothing. */
async function send(
  delivery: Delivery,
  rules: WebhookRules,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { run, url, secret, body } = delivery
  const headers = {
    'content-type': 'application/json',
    'x-mazeru-delivery': run,
    ...(secret === null ? {} : { 'x-mazeru-signature': signatureOf(body, secret) }),
  }
  try {
    const fault = await targetFault(url, rules)
    if (fault !== undefined) return `no call (${fault})`
    const answer = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' })
    await answer.body?.cancel()
    return answer.ok ? undefined : `answer ${answer.status}`
  } catch (thrown) {
    return `no answer (${messageOf((thrown as Error).cause ?? thrown)})`
  }
}

function limit(milliseconds: number): AbortSignal {
  return AbortSignal.timeout(milliseconds)
}

function nextDeliveries(database: Database, most: number): Delivery[] {
  const rows = database.query('SELECT * FROM deliveries ORDER BY due LIMIT ?').all(most)
  return rows as unknown as Delivery[]
}
