import { z } from 'zod'
import { FormatError } from '../../engine/errors.ts'
import { definer, type Problem } from '../../engine/workflow/index.ts'
import { catalogueOf, filesOf, type workflowOf } from './support.ts'

const defineNode = definer<Record<string, unknown>>()
const family = z.object({ file: z.string().default('').meta({ file: 'loras' }) })

/** Nodes whose types depend on files, and one of a later version. */
const others = [
  defineNode({
    type: 'load',
    title: 'Load',
    params: family,
    outputs: { lora: 'lora<F>' },
    async infer({ file }, lookup) {
      const header = (await lookup.header('loras', file)) as { family: string }
      if (header.family === 'bad')
        throw new FormatError(`${file}: header is short, 8 bytes expected`)
      return header.family === '' ? {} : { F: header.family }
    },
    inspect: async ({ file }) =>
      file.startsWith('odd') ? [`file is ${file}, expected an even one`] : [],
    run: (_, { file }) => ({ lora: file }),
  }),
  defineNode({
    type: 'join',
    title: 'Join',
    inputs: { left: 'lora<F>', right: 'lora<F>' },
    params: z.object({ files: z.array(z.string()).default([]).meta({ file: 'loras' }) }),
    outputs: { lora: 'lora<F>' },
    run: ({ left }) => ({ lora: left }),
  }),
  defineNode({
    type: 'third',
    version: 3,
    title: 'Third',
    params: z
      .object({ low: z.number().default(0), high: z.number().default(1) })
      .refine(({ low, high }) => low < high, { message: 'expected less than high', path: ['low'] }),
    outputs: { value: 'number' },
    migrate: {
      2: ({ params, ...entry }) => ({ ...entry, params: { low: params?.min ?? 0 } }),
    },
    run: (_, { low }) => ({ value: low }),
  }),
  defineNode({
    type: 'choose',
    title: 'Choose',
    params: z.object({
      sampler: z.enum(['euler', 'heun', 'dpm']),
      steps: z.int().min(1).max(1000),
      size: z.int().min(8).multipleOf(8).default(8),
      sigma: z.number().gt(0).default(1),
      name: z.string().min(2).default('ab'),
      on: z.boolean().default(false),
      fixed: z.number().default(0).meta({ socket: false }),
      list: z.array(z.int()).default([]),
    }),
    outputs: { text: 'text' },
    run: (_, { sampler }) => ({ text: sampler }),
  }),
]

/** The arithmetic nodes and those above. */
export const catalogue = catalogueOf(...others)
/** LoRA files by the family in their header. */
export const files = filesOf({
  loras: { 'ink.st': 'sd15', 'xl.st': 'sdxl', 'old.st': '', 'cut.st': 'bad', 'odd.st': '' },
})

type Case = [
  title: string,
  nodes: Parameters<typeof workflowOf>[0],
  problems: Omit<Problem, never>[],
  rest?: Parameters<typeof workflowOf>[1],
]

/** A node without a fault. */
export const one = { type: 'constant' }

/** Wrong workflows and everything that is wrong with them, in full. */
export const cases: Case[] = [
  [
    'an unknown type, with the nearest one',
    { a: { type: 'constnat' }, b: { type: 'banana' } },
    [
      {
        code: 'unknown-type',
        node: 'a',
        message: 'a: type is "constnat", expected a known type; did you mean constant',
      },
      {
        code: 'unknown-type',
        node: 'b',
        message: 'b: type is "banana", expected a known type; add the package that has it',
      },
    ],
  ],
  [
    'a version that is not known, newer or too old to migrate',
    { a: { type: 'third', version: 4 }, b: { type: 'third' }, c: { type: 'third', version: 2 } },
    [
      {
        code: 'unknown-version',
        node: 'a',
        message: 'a: version 4 of third, at most 3 is known; update the package that has it',
      },
      {
        code: 'unknown-version',
        node: 'b',
        message: 'b: version 1 of third, expected 3; replace the node by a new one',
      },
    ],
  ],
  [
    'a link from a node that is not there',
    { one, a: { type: 'scale', inputs: { value: 'oen.value' } } },
    [
      {
        code: 'unknown-node',
        node: 'a',
        socket: 'value',
        message:
          'link from "oen".value to "a".value: no node "oen", expected one that gives number; did you mean one',
      },
    ],
  ],
  [
    'a link from an output or into an input that is not there',
    {
      one,
      a: { type: 'scale', inputs: { value: 'one.valeu', vlue: 'one.value' } },
      b: { type: 'choose', params: { sampler: 'euler', steps: 1 }, inputs: { fixed: 'one.value' } },
    },
    [
      {
        code: 'unknown-socket',
        node: 'a',
        socket: 'vlue',
        message: 'a: no input "vlue", expected value, by; did you mean value',
      },
      {
        code: 'unknown-socket',
        node: 'a',
        socket: 'value',
        message:
          'link from "one".valeu to "a".value: no output "valeu", expected value; did you mean value',
      },
      {
        code: 'unknown-socket',
        node: 'b',
        socket: 'fixed',
        message: 'b: fixed is fed by a link, expected a value; write it under params',
      },
    ],
  ],
  [
    'an input without a link',
    {
      a: { type: 'scale' },
      b: { type: 'weighted', params: { weight1: 2 } },
      c: { type: 'join', inputs: { left: 'd.lora' } },
      d: { type: 'load' },
    },
    [
      {
        code: 'missing-input',
        node: 'a',
        socket: 'value',
        message: 'a: value is missing, expected a link of type number; connect constant or add',
      },
      {
        code: 'missing-input',
        node: 'b',
        socket: 'value1',
        message: 'b: value1 is missing, expected a link of type number; connect constant or add',
      },
      {
        code: 'missing-input',
        node: 'c',
        socket: 'right',
        message: 'c: right is missing, expected a link of type lora<F>; connect load or join',
      },
    ],
  ],
  [
    'a gap between items and an item too many',
    {
      one,
      a: { type: 'weighted', inputs: { value1: 'one.value', value4: 'one.value' } },
      b: {
        type: 'weighted',
        inputs: Object.fromEntries(
          [1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => [`value${n}`, 'one.value']),
        ),
      },
      c: { type: 'weighted', inputs: { value1: 'one.value', value01: 'one.value' } },
    },
    [
      ...[2, 3].map((item) => ({
        code: 'missing-item' as const,
        node: 'a',
        message: `a: item ${item} is missing, expected numbers from 1 without gaps; rename item 4`,
      })),
      {
        code: 'too-many-items',
        node: 'b',
        message: 'b: item 9 given, expected at most 8; remove it',
      },
      {
        code: 'unknown-socket',
        node: 'c',
        socket: 'value01',
        message:
          'c: no input "value01", expected start, offset, value1, weight1; did you mean value1',
      },
    ],
  ],
  [
    'a wrong type, with the node that turns one into the other',
    {
      one,
      text: { type: 'choose', params: { sampler: 'heun', steps: 5 } },
      a: { type: 'print', inputs: { value: 'one.value', before: 'one.value' } },
      b: { type: 'scale', inputs: { value: 'text.text' } },
      c: { type: 'divide', inputs: { dividend: 'one.value' } },
      d: { type: 'divide', inputs: { dividend: 'whole.value', divisor: 'whole.value' } },
      whole: { type: 'whole' },
    },
    [
      {
        code: 'wrong-type',
        node: 'a',
        socket: 'before',
        message: 'link from "one".value to "a".before: number given, text expected; add print',
      },
      {
        code: 'wrong-type',
        node: 'b',
        socket: 'value',
        message:
          'link from "text".text to "b".value: text given, number expected; connect constant or add',
      },
      {
        code: 'wrong-type',
        node: 'c',
        socket: 'dividend',
        message:
          'link from "one".value to "c".dividend: number given, integer expected; connect divide or whole',
      },
    ],
  ],
  [
    'files of two families joined, before anything is loaded',
    {
      ink: { type: 'load', params: { file: 'ink.st' } },
      xl: { type: 'load', params: { file: 'xl.st' } },
      old: { type: 'load', params: { file: 'old.st' } },
      pass: { type: 'same', inputs: { value: 'xl.lora' } },
      unsure: { type: 'join', inputs: { left: 'old.lora', right: 'xl.lora' } },
      good: { type: 'join', inputs: { left: 'unsure.lora', right: 'pass.value' } },
      wrong: { type: 'join', inputs: { left: 'ink.lora', right: 'good.lora' } },
    },
    [
      {
        code: 'wrong-type',
        node: 'wrong',
        socket: 'right',
        message:
          'link from "good".lora to "wrong".right: lora<sdxl> given, lora<sd15> expected; use one of lora<sd15> or change "ink"',
      },
    ],
  ],
  [
    'a cycle, and not what hangs on it',
    {
      a: { type: 'add', inputs: { a: 'c.value', b: 'one.value' } },
      b: { type: 'scale', inputs: { value: 'a.sum' } },
      c: { type: 'scale', inputs: { value: 'b.value' } },
      d: { type: 'scale', inputs: { value: 'c.value' } },
      e: { type: 'scale', inputs: { value: 'e.value' } },
      one,
    },
    [
      {
        code: 'cycle',
        node: 'a',
        message:
          'a: needs itself by a -> b -> c -> a, expected no cycle; remove one of these links',
      },
      {
        code: 'cycle',
        node: 'e',
        message: 'e: needs itself by e -> e, expected no cycle; remove one of these links',
      },
    ],
  ],
  [
    'bad params of every kind, in words',
    {
      a: {
        type: 'choose',
        params: {
          sampler: 'euller',
          steps: 0,
          size: 12,
          sigma: 0,
          name: 'x',
          on: 1,
          fixed: null,
          list: [0.5],
        },
      },
      b: { type: 'choose', params: { sampler: 3, steps: 1.5 } },
      c: { type: 'choose', params: { sampler: 'dpm' } },
      d: { type: 'third', version: 3, params: { low: 2 } },
    },
    [
      ['a', 'sampler', 'sampler is "euller", expected one of euler, heun, dpm; did you mean euler'],
      ['a', 'steps', 'steps is 0, expected 1 to 1000'],
      ['a', 'size', 'size is 12, expected at least 8, a multiple of 8'],
      ['a', 'sigma', 'sigma is 0, expected above 0'],
      ['a', 'name', 'name is "x", expected text of at least 2 characters'],
      ['a', 'on', 'on is 1, expected true or false'],
      ['a', 'fixed', 'fixed is null, expected a number'],
      ['a', 'list', 'list.0 is 0.5, expected an integer'],
      ['b', 'sampler', 'sampler is 3, expected one of euler, heun, dpm'],
      ['b', 'steps', 'steps is 1.5, expected an integer 1 to 1000'],
      ['c', 'steps', 'steps is missing, expected an integer 1 to 1000'],
      ['d', 'low', 'low is 2, expected less than high'],
    ].map(([node, param, text]) => ({
      code: 'bad-param',
      node: node!,
      param: param!,
      message: `${node}: ${text}`,
    })),
  ],
  [
    'an unknown param, an input under params',
    {
      a: {
        type: 'scale',
        params: { bye: 1, value: 2, constructor: 3 },
        inputs: { value: 'one.value' },
      },
      one,
    },
    [
      {
        code: 'unknown-param',
        node: 'a',
        param: 'bye',
        message: 'a: no param "bye", expected by; did you mean by',
      },
      {
        code: 'unknown-param',
        node: 'a',
        param: 'value',
        message: 'a: no param "value", expected by; link it under inputs',
      },
      {
        code: 'unknown-param',
        node: 'a',
        param: 'constructor',
        message: 'a: no param "constructor", expected by',
      },
    ],
  ],
  [
    'a file that is not there, one that is bad and what a node finds itself',
    {
      a: { type: 'load', params: { file: 'inc.st' } },
      b: { type: 'load', params: { file: 'cut.st' } },
      c: { type: 'load', params: { file: 'odd.st' } },
      d: {
        type: 'join',
        params: { files: ['ink.st', 'nothing-like-it'] },
        inputs: { left: 'c.lora', right: 'c.lora' },
      },
    },
    [
      {
        code: 'unknown-file',
        node: 'a',
        param: 'file',
        message: 'a: file is "inc.st", expected a file in loras; did you mean ink.st',
      },
      {
        code: 'bad-file',
        node: 'b',
        message: 'b: cut.st: header is short, 8 bytes expected',
      },
      {
        code: 'bad-param',
        node: 'c',
        message: 'c: file is odd.st, expected an even one',
      },
      {
        code: 'unknown-file',
        node: 'd',
        param: 'files',
        message: 'd: files is "nothing-like-it", expected a file in loras; put it there',
      },
    ],
  ],
  [
    'named inputs and outputs that lead nowhere',
    { one, a: { type: 'add', inputs: { a: 'one.value' } } },
    [
      {
        code: 'unknown-node',
        input: 'p',
        message: 'input p: no node "oen", expected one of the workflow; did you mean one',
      },
      {
        code: 'unknown-param',
        input: 'p',
        node: 'one',
        param: 'valu',
        message: 'input p: "one" has no param "valu", expected value; did you mean value',
      },
      {
        code: 'bad-param',
        input: 'p',
        node: 'a',
        param: 'a',
        message: 'input p: a.a is fed by a link, expected a free param; remove the link',
      },
      {
        code: 'unknown-socket',
        output: 'q',
        node: 'a',
        socket: 'total',
        message: 'output q: "a" has no output "total", expected sum',
      },
      {
        code: 'unknown-node',
        output: 'r',
        message: 'output r: no node "zzz", expected one of the workflow',
      },
    ],
    {
      inputs: { p: { to: ['oen.value', 'one.valu', 'a.a', 'a.b'] } },
      outputs: { q: 'a.total', r: 'zzz.sum' },
    },
  ],
]
