import { useState } from 'react'
import type { AssetKind } from '../../../engine/protocol/library.ts'
import { api, loadAssets } from '../../link/api.ts'
import { Bar, Field } from '../../shell/ui/index.ts'
import { notify } from '../../state/stores.ts'
import { panelWords } from '../../words/panels.ts'
import { useWords } from '../../words/words.ts'

/** Sends files into a folder of the library and shows how far they are. */
export function Upload({ kind }: { readonly kind: AssetKind }) {
  const say = useWords(panelWords)
  const [now, setNow] = useState<{ readonly name: string; readonly part: number }>()
  async function upload(files: readonly File[]) {
    for (const file of files) {
      setNow({ name: file.name, part: 0 })
      try {
        await send(kind, file, (part) => setNow({ name: file.name, part }))
        notify(say('uploaded', { name: file.name }), 'good')
      } catch (error) {
        notify((error as Error).message, 'bad')
      }
    }
    setNow(undefined)
    await loadAssets(kind).catch(() => {})
  }
  return (
    <Field label={say('upload')}>
      {(ids) =>
        now ? (
          <Bar label={say('uploading', { name: now.name })} part={now.part} />
        ) : (
          <input
            {...ids}
            type="file"
            multiple
            onChange={({ target }) => void upload([...(target.files ?? [])])}
          />
        )
      }
    </Field>
  )
}

/** As `fetch` with a body, which does not tell how much was sent. */
function send(kind: AssetKind, file: File, onPart: (part: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('PUT', api.address(`/api/library/${kind}/upload/${encodeURIComponent(file.name)}`))
    const token = sessionStorage.getItem('mazeru.token')
    if (token) request.setRequestHeader('authorization', `Bearer ${token}`)
    request.setRequestHeader('content-type', 'application/octet-stream')
    request.upload.onprogress = ({ loaded, total }) => onPart(total ? loaded / total : 0)
    request.onerror = () => reject(new Error(`${file.name}: no answer, expected it to be taken`))
    request.onload = () => {
      if (request.status < 300) return resolve()
      reject(new Error(sentence(request.responseText) ?? `${file.name}: ${request.status}`))
    }
    request.send(file)
  })
}

function sentence(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text) as { error?: string }
    return error
  } catch {
    return undefined
  }
}
