import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What some tests need beside `npm ci`. A test asks `describe.skipIf(lacks('webgpu'))`: on a
 * developer's machine it is skipped where the thing is absent, in CI, which installs it, it fails.
 */
export interface Requirement {
  /** What stands between this machine and the tests, or undefined where all is there. */
  missing(environment: NodeJS.ProcessEnv): string | undefined
  /** How to get it. */
  remedy: string
}

/** The software adapter that Debian's Chromium brings along. */
export const softwareAdapter = '/usr/lib/chromium/vk_swiftshader_icd.json'

const known = {
  webgpu: {
    missing: missingWebgpu,
    remedy: 'apt-get install chromium libvulkan1 (a software adapter) or a driver for Vulkan',
  },
} satisfies Record<string, Requirement>

/** The name of something that CI installs. */
export type RequirementName = keyof typeof known

const answers = new Map<RequirementName, string | undefined>()

/** True where a requirement is absent; asked once per process. Throws instead when `CI` is set. */
export function lacks(name: RequirementName): boolean {
  if (!answers.has(name)) answers.set(name, known[name].missing(process.env))
  return refuse(name, answers.get(name), process.env)
}

/** The decision of `lacks` on a known reason. */
export function refuse(
  name: RequirementName,
  reason: string | undefined,
  environment: NodeJS.ProcessEnv,
): boolean {
  if (reason === undefined) return false
  const sentence = `${name}: ${reason}; ${known[name].remedy}`
  if (isSet(environment.CI)) throw new Error(`${sentence} (CI may not skip)`)
  console.warn(sentence)
  return true
}

/**
 * Why there is no WebGPU adapter, or undefined. `MAZERU_WEBGPU` 0 or 1 decides without asking;
 * else a program of one op runs in a process of its own. Where only Chromium's software adapter is
 * there, `VK_ICD_FILENAMES` of `environment` is set to it, for the sessions of this process.
 */
export function missingWebgpu(environment: NodeJS.ProcessEnv): string | undefined {
  if (environment.MAZERU_WEBGPU === '0') return 'MAZERU_WEBGPU is 0'
  if (environment.MAZERU_WEBGPU !== '1' && probe(environment)) return undefined
  if (!environment.VK_ICD_FILENAMES && existsSync(softwareAdapter)) {
    environment.VK_ICD_FILENAMES = softwareAdapter
  }
  if (environment.MAZERU_WEBGPU === '1' || probe(environment)) return undefined
  return environment.VK_ICD_FILENAMES
    ? `the adapter of ${environment.VK_ICD_FILENAMES} does not compute`
    : 'no adapter'
}

function probe(environment: NodeJS.ProcessEnv): boolean {
  const script = join(import.meta.dirname, 'webgpu-probe.ts')
  const { status } = spawnSync(process.execPath, [script], {
    env: environment,
    stdio: 'ignore',
    timeout: 30_000,
  })
  return status === 0
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== 'false' && value !== '0'
}
