import { describe, expect, it } from 'vitest'
import {
  demandTarget,
  targetFault,
  usualWebhookRules,
} from '../../../engine/server/queue/webhook-target.ts'

const reached = { isLocalAllowed: false, isPrivateAllowed: false }
const open = { isLocalAllowed: false, isPrivateAllowed: true }

describe('the target of a webhook', () => {
  it.each([
    ['http://169.254.169.254/latest', 'forbidden'],
    ['http://[fe80::1]/', 'forbidden'],
    ['http://[fd00:ec2::254]/', 'forbidden'],
    ['http://[::ffff:169.254.169.254]/', 'forbidden'],
    ['http://0.0.0.0:4180/', 'forbidden'],
    ['http://[::]/', 'forbidden'],
    ['http://2852039166/', 'forbidden'],
    ['http://127.0.0.1:80/', 'local'],
    ['http://0x7f.1/', 'local'],
    ['http://[::1]:80/', 'local'],
    ['http://localhost/', 'local'],
    ['http://localhost./', 'local'],
    ['http://a.LOCALHOST/', 'local'],
    ['http://10.1.2.3/', 'private'],
    ['http://172.31.0.1/', 'private'],
    ['http://192.168.1.1/', 'private'],
    ['http://[fd12::1]/', 'private'],
    ['http://[::ffff:10.0.0.1]/', 'private'],
    ['https://example.com/hook', 'public'],
    ['http://172.32.0.1/', 'public'],
    ['http://[2606:4700::1111]/', 'public'],
  ])('%s is %s', (url, zone) => {
    const allowed = [usualWebhookRules, reached, open].map((rules) => {
      try {
        demandTarget(url, rules)
        return true
      } catch {
        return false
      }
    })
    const expected = {
      forbidden: [false, false, false],
      local: [true, false, true],
      private: [false, false, true],
      public: [true, true, true],
    }
    expect(allowed).toEqual(expected[zone as keyof typeof expected])
  })

  it('is refused with what would let it through', () => {
    expect(() => demandTarget('http://localhost:1/', reached)).toThrow(
      "webhook: localhost is the server's own machine, another one expected; " +
        'start the server with --allow-private-webhooks',
    )
    expect(() => demandTarget('http://169.254.169.254/', open)).toThrow(
      'webhook: 169.254.169.254 is no address of a server, a public one expected',
    )
    expect(() => demandTarget('ftp://example.com/', open)).toThrow('expected http: or https:')
  })

  it('is looked up when it is called, since a name may lead anywhere', async () => {
    expect(await targetFault('http://localhost:1/', reached)).toContain('own machine')
    expect(await targetFault('http://localhost:1/', usualWebhookRules)).toBeUndefined()
    expect(await targetFault('http://10.0.0.1/', reached)).toContain('private network')
  })
})
