export { mixSeed } from '../sampling/mix-seed.ts'
