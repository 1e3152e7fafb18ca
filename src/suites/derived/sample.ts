import { type Static, Type } from '../../config/type.js';
import type { DatasetInfo } from '../../data/dataset.js';
import { AssayError, type ErrorDetails, unknownName } from '../../errors.js';
import { imageSize } from '../../models/batching.js';
import type { SystemInfo } from '../../models/system.js';
import { sgldOptions } from '../../sampling/sgld-options.js';
import { refuseTarget, type TargetName, targetNamed } from '../../sampling/targets.js';
import { request } from '../contract.js';
import { gaussianImages } from '../measurements/gaussian-images.js';
import { persistentSamples } from '../measurements/persistent-samples.js';
import { samples } from '../measurements/samples.js';
import type { MeasuredDerivation } from './measured.js';

const closed = { additionalProperties: false };
const nameOf = (description: string) => Type.String({ minLength: 1, description });

/** As JEM's evaluation has it; a schema fills in no defaults where several forms are possible. */
const USUAL = { rounds: 1000, batch: 64, reinit: 0.05 };

const Persistent = Type.Object(
  {
    rounds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description: `How often chains are drawn, moved \`steps\` steps and put back. Default: ${USUAL.rounds}.`,
      }),
    ),
    batch: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 100_000,
        description: `Chains drawn in a round, with replacement. Default: ${USUAL.batch}.`,
      }),
    ),
    reinit: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description: `Probability that one of them starts from uniform noise. Default: ${USUAL.reinit}.`,
      }),
    ),
  },
  closed,
);

const Options = Type.Object(
  {
    from: nameOf('Name of the model whose density the chains climb.'),
    n: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10_000_000,
        description: 'How many chains. Without `of` only, which starts a chain at each of its images.',
      }),
    ),
    steps: Type.Integer({ minimum: 0, maximum: 1_000_000, default: 100, description: 'SGLD steps.' }),
    start: Type.Optional(
      Type.Union(
        [
          Type.Literal('uniform'),
          Type.Literal('buffer'),
          Type.Object({ 'class-gaussian': nameOf('Name of a data set.') }, closed),
          Type.Object({ persistent: Persistent }, closed),
        ],
        {
          description:
            'Where chains start without `of`: `uniform`, noise from U[0, 1), is the default; `buffer`, at image i of the replay buffer in the checkpoint; `{ class-gaussian: train }`, at draws from the class-wise Gaussians of a data set; `{ persistent: { rounds, batch, reinit } }`, again and again from a buffer of n chains, as JEM does (1000, 64, 0.05).',
        },
      ),
    ),
    class: Type.Union([Type.Integer({ minimum: 0 }), Type.String({ minLength: 1 })], {
      default: 'none',
      description:
        'The class whose density is climbed: `none`, `each` (in turn), `label` (that of the image in `of`), or one, by name or number.',
    }),
    target: Type.Optional(
      Type.Union([Type.Literal('log-px'), Type.Literal('log-pxy'), Type.Literal('log-py-x')], {
        description:
          'log-px: log p(x), the default without a class. log-pxy: log p(x, y), whose gradient is that of log p(x|y), the default with one. log-py-x: log p(y|x), which makes distal adversarials.',
      }),
    ),
    ...sgldOptions,
  },
  {
    ...closed,
    description:
      'Where chains of SGLD end, cut to [0, 1]: samples of a model. They start at the images of `of`, or without it at noise.',
  },
);
type Options = Static<typeof Options>;

const refuse = (message: string, details: ErrorDetails): AssayError =>
  new AssayError('config-invalid', message, details);

/** What is climbed. */
const targetOf = ({ target, class: of }: Options): TargetName =>
  target ?? (of === 'none' ? 'log-px' : 'log-pxy');

/** As the measurement takes it. Errors: `unknown-name`. */
function classOf({ class: of }: Options, { classes }: SystemInfo): 'each' | 'label' | number | undefined {
  if (of === 'none') return undefined;
  if (of === 'each' || of === 'label' || typeof of === 'number') return of;
  const index = classes.indexOf(of);
  if (index >= 0) return index;
  throw unknownName('class', of, ['none', 'each', 'label', ...classes], { path: 'class' });
}

const named = ({ start }: Options): string =>
  start === undefined || typeof start === 'string' ? (start ?? 'uniform') : Object.keys(start)[0]!;

export const sample: MeasuredDerivation<typeof Options> = {
  kind: 'measurement',
  name: 'sample',
  version: 1,
  title: 'Samples of a model, by SGLD',
  source: 'Grathwohl et al. 2019, section 5; Du & Mordatch 2019',
  options: Options,
  system: 'from',
  alone: true,
  reads: ({ start }): Record<string, string> =>
    typeof start === 'object' && 'class-gaussian' in start
      ? { 'start.class-gaussian': start['class-gaussian'] }
      : {},
  describe(options) {
    const { from, steps, class: of } = options;
    const given = of === 'none' ? '' : ` of class ${of}`;
    return `drawn from ${from}${given}: ${steps} step${steps === 1 ? '' : 's'} of SGLD up ${targetNamed(targetOf(options)).title}`;
  },
  labels(options, system, size) {
    const of = classOf(options, system);
    if (of === undefined) return 'none';
    if (of === 'label') return 'parent';
    const highest = of === 'each' ? Math.min(system.classes.length, size) - 1 : of;
    return { label: highest, example: of === 'each' ? highest : 0 };
  },
  check(options, system, parent) {
    refuseWithParent(options, parent);
    refuseClass(options, system, parent);
    refuseStart(options, system);
  },
  request(options, system, parent, dataset) {
    const { n = 0, steps, start, stepSize, noise, temperature, clip, clamp } = options;
    const chain = { steps, stepSize, noise, temperature, clamp, ...(clip !== undefined && { clip }) };
    const on = { system: system.name, dataset: parent };
    if (typeof start === 'object' && 'persistent' in start)
      return request({
        measurement: persistentSamples,
        ...on,
        params: { ...chain, ...USUAL, ...start.persistent, capacity: n },
      });
    const of = classOf(options, system);
    const params = { ...chain, target: targetOf(options), ...(of !== undefined && { class: of }) };
    const begun =
      options.n === undefined ? 'images' : (named(options) as 'uniform' | 'buffer' | 'class-gaussian');
    if (typeof start !== 'object')
      return request({ measurement: samples, ...on, params: { ...params, start: begun } });
    const { name, highestLabel } = dataset(start['class-gaussian']);
    // Where classes take turns, those that are climbed and those of the starts are the same.
    const turns = of === 'each' ? system.classes.length : (highestLabel?.label ?? 0) + 1;
    const classes = highestLabel ? turns : 1;
    const drawn = request({
      measurement: gaussianImages,
      system: system.name,
      dataset: name,
      params: { n, classes, ...(typeof of === 'number' && highestLabel && { class: of }) },
    });
    return request({
      measurement: samples,
      ...on,
      params: { ...params, start: begun },
      reference: [drawn],
    });
  },
};

/** Gives an error its option. */
function placedAt(path: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    throw new AssayError(error.code, error.message, { path, ...error.details });
  }
}

function refuseWithParent({ n, start, class: of }: Options, parent: DatasetInfo | undefined): void {
  if (parent && n !== undefined)
    throw refuse('with `of`, a chain starts at each of its images', {
      path: 'n',
      expected: `no n: "${parent.name}" has ${parent.size} images`,
      found: String(n),
      hint: 'leave out n; `limit: ` beside `of` takes the first so many',
    });
  if (parent && start !== undefined)
    throw refuse('with `of`, chains start at its images', {
      path: 'start',
      expected: 'either `of` or `start`',
      found: 'both',
      hint: 'leave out one of them, and say n without `of`',
    });
  if (of !== 'label' || parent?.labelled) return;
  throw refuse('there are no labels to take classes from', {
    path: 'class',
    expected: 'labelled images in `of`',
    found: parent ? `"${parent.name}", which has none` : 'no `of`',
    hint: 'write `class: each`, or one class',
  });
}

function refuseClass(options: Options, system: SystemInfo, parent: DatasetInfo | undefined): void {
  const { class: of, target } = options;
  if (of === 'none' && target !== undefined && targetNamed(target).conditional)
    throw refuse(`${targetNamed(target).title} is that of a class`, {
      path: 'class',
      expected: 'each, label, or a class',
      found: 'none',
      hint: 'write `class: each`, or leave out the target',
    });
  if (of !== 'none' && target === 'log-px')
    throw refuse('log p(x) has no class', {
      path: 'target',
      expected: 'log-pxy or log-py-x, with a class',
      found: 'log-px',
      hint: 'leave out the target, or the class',
    });
  placedAt('from', () => refuseTarget(system, targetOf(options)));
  if (of === 'none') return;
  const index = classOf(options, system);
  const highest = index === 'label' ? parent?.highestLabel?.label : index;
  if (typeof highest !== 'number' || highest < system.classes.length) return;
  throw refuse(`"${system.name}" has no class ${highest}`, {
    path: 'class',
    expected: `0 to ${system.classes.length - 1}, or a name`,
    found: String(highest),
    hint: 'classes count from 0',
  });
}

/** Numbers of the images that one unit can hold: it is written as one column of float32, below 2 GiB. */
const MOST_AT_ONCE = 2 ** 29 - 1;

function refuseStart(options: Options, { name, storedChains, shape }: SystemInfo): void {
  const start = named(options);
  const { n = 0, class: of } = options;
  const most = Math.floor(MOST_AT_ONCE / imageSize({ shape }));
  if ((start === 'persistent' || start === 'class-gaussian') && n > most)
    throw refuse('so many images cannot be held at once', {
      path: 'n',
      expected: `at most ${most} images of shape [${shape.join(', ')}] with this start`,
      found: String(n),
      hint: 'lower n, or start from uniform noise or from images: these are drawn part by part',
    });
  if (start === 'buffer' && storedChains === undefined)
    throw refuse(`the checkpoint of "${name}" keeps no replay buffer`, {
      path: 'start',
      expected: 'a PyTorch checkpoint with `replay_buffer`, images (n, C, H, W)',
      found: 'none',
      hint: 'start from uniform noise, or from images: `of`',
    });
  if (start === 'buffer' && storedChains !== undefined && n > storedChains)
    throw refuse(`the replay buffer of "${name}" has fewer images`, {
      path: 'n',
      expected: `at most ${storedChains}`,
      found: String(n),
      hint: `set n to ${storedChains}`,
    });
  if (start === 'persistent' && of !== 'none')
    throw refuse('a persistent buffer is drawn from log p(x)', {
      path: 'class',
      expected: 'none',
      found: String(of),
      hint: 'leave out the class; JEM sorts the chains by the class that they come to look like',
    });
}
