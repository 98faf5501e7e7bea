import { InferenceSession, Tensor } from 'onnxruntime-node'

/** Ends with 0 when `y = -x` is right on a WebGPU adapter. Its own process: a driver may abort. */
const negate =
  'CAg6NgoLCgF4EgF5IgNOZWcSBXByb2JlWg8KAXgSCgoICAESBAoCCAFiDwoBeRIKCggIARIECgIIAUICEBE='
const session = await InferenceSession.create(Buffer.from(negate, 'base64'), {
  executionProviders: ['webgpu'],
  logSeverityLevel: 4,
})
const { y } = await session.run({ x: new Tensor('float32', [3], [1]) })
process.exit(y?.data[0] === -3 ? 0 : 1)
