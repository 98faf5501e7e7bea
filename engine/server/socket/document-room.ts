import { messageOf } from '../../errors.ts'
import type { ClientMessage, PatchOp, ServerMessage, Workflow } from '../../protocol/index.ts'
import type { OpenDocument } from '../documents/types.ts'
import type { ServerContext } from '../http/context.ts'
import { refusalOf } from '../http/errors.ts'

/** Who has a document open. */
export interface Member {
  readonly client: string
  tell(message: ServerMessage): void
}

/** Documents that several editors have open at once: each sees the changes of all. */
export interface DocumentRoom {
  open(name: string, member: Member): Promise<void>
  patch(message: Extract<ClientMessage, { type: 'document-patch' }>, member: Member): Promise<void>
  leave(name: string, member: Member): void
  /** The member has gone. */
  leaveAll(member: Member): void
  close(): void
}

interface Table {
  readonly members: Set<Member>
  /** The revision that all members were told. */
  revision: number
  /** What was asked last; each waits for the former, so all see one order. */
  last: Promise<void>
}

/** Joins the documents with the editors that show them. */
export function openDocumentRoom({ parts: { documents }, log }: ServerContext): DocumentRoom {
  const tables = new Map<string, Table>()
  const tableOf = (name: string) => {
    const known = tables.get(name)
    if (known) return known
    const table: Table = { members: new Set(), revision: 0, last: Promise.resolve() }
    tables.set(name, table)
    return table
  }
  const inTurn = (name: string, act: (table: Table) => Promise<void>) => {
    const table = tableOf(name)
    const turn = table.last.then(() => act(table))
    table.last = turn.catch(() => undefined)
    return turn
  }
  const clear = (name: string, table: Table) => {
    if (table.members.size === 0 && tables.get(name) === table) tables.delete(name)
  }
  const tell = (table: Table, message: ServerMessage) => {
    for (const member of table.members) member.tell(message)
  }
  const present = async (name: string): Promise<OpenDocument | undefined> =>
    documents.read(name).catch(() => undefined)
  /** A change from elsewhere: another program, or a whole save. */
  const changed = async (name: string, revision: number) => {
    const table = tables.get(name)
    if (!table || revision === 0 || revision <= table.revision) return
    const document = await present(name)
    if (!document || document.revision <= table.revision) return
    table.revision = document.revision
    tell(table, { type: 'document-opened', ...document })
  }
  const end = documents.follow((name, revision) => {
    if (!tables.has(name)) return
    inTurn(name, () => changed(name, revision)).catch((err: unknown) => log.error({ err }, 'room'))
  })
  return {
    open: (name, member) =>
      inTurn(name, async (table) => {
        const document = await documents.read(name).catch((thrown: unknown) => messageOf(thrown))
        if (typeof document !== 'object') {
          const message = document ?? `workflow: no "${name}", the name of an existing one expected`
          member.tell({ type: 'error', message })
          clear(name, table)
          return
        }
        table.members.add(member)
        table.revision = Math.max(table.revision, document.revision)
        member.tell({ type: 'document-opened', ...document })
      }),
    patch: ({ name, request, ops }, member) =>
      inTurn(name, async (table) => {
        try {
          const { client } = member
          const sender = { client, request }
          const made = await documents.patch(name, ops as readonly PatchOp[], sender)
          const { revision, isRepeated } = made
          const told = { type: 'document-patched', name, revision, client, request, ops } as const
          table.revision = Math.max(table.revision, revision)
          // Sent again after a lost line: the others have seen it.
          if (!isRepeated) tell(table, told)
          if (isRepeated || !table.members.has(member)) member.tell(told)
        } catch (thrown) {
          const { body, isBug } = refusalOf(thrown)
          if (isBug) log.error({ err: thrown, name }, 'patch failed')
          const { revision = 0, workflow = undefined } = (await present(name)) ?? {}
          member.tell({
            ...{ type: 'document-refused', name, request, revision },
            message: String(body.error),
            workflow: workflow as Workflow | undefined,
          })
        }
        clear(name, table)
      }),
    leave(name, member) {
      const table = tables.get(name)
      table?.members.delete(member)
      if (table) clear(name, table)
    },
    leaveAll(member) {
      for (const [name, table] of tables) {
        if (table.members.delete(member)) clear(name, table)
      }
    },
    close: end,
  }
}
