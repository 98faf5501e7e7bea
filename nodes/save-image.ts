import { z } from 'zod'
import { addPngText, areStillSaved, defineNode, encodePng, safeName } from '../engine/index.ts'

export default defineNode({
  type: 'save-image',
  title: 'Save image',
  category: 'image',
  description: 'Writes PNG files that carry the workflow and an A1111 parameters line.',
  inputs: { image: 'image' },
  params: z.object({
    name: z
      .string()
      .min(1)
      .default('mazeru')
      .describe('beginning of the file name, with folders below the output folder if wanted'),
    metadata: z.boolean().default(true).describe('put the workflow into the file'),
  }),
  outputs: { image: 'image', files: 'list<text>' },
  sink: true,
  async inspect({ name }) {
    if (name !== undefined) safeName('output', name)
    return []
  },
  stillValid: ({ files }, services) => areStillSaved(files, services),
  async run({ image }, { name, metadata }, { services, node }) {
    // A name that came along a link has not been seen by the check.
    safeName('output', name)
    const [, , height, width] = image.shape as [number, number, number, number]
    const texts = metadata ? services.pictureTexts?.(node, { width, height }) : undefined
    const files: string[] = []
    for (let item = 0; item < image.shape[0]!; item++) {
      const plain = await encodePng(image, item)
      const entries = Object.entries({ parameters: texts?.parameters, mazeru: texts?.workflow })
      const chunks = entries.flatMap(([keyword, text]) => (text ? [{ keyword, text }] : []))
      const saved = await services.files.save(`${name}.png`, addPngText(name, plain, chunks))
      files.push(saved.path)
    }
    return { image, files }
  },
})
