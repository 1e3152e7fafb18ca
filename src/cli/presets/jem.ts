import { flow } from '../../config/flow.js';
import { oneLine } from '../../one-line.js';
import { isPhotographs, type Preset, type PresetSite } from './preset.js';

/** Noise of the public code on every image, in units of the network's input. */
const NOISE = 0.03;

/** What is expensive: as the paper has it, and for a first look. */
const PAPER = { examples: 300, steps: 40, searches: 20, starts: 3, eot: 4, confirm: 8 };
const SHORT = { examples: 8, steps: 5, searches: 4, starts: 2, eot: 1, confirm: 3, resamples: 200 };
const RADII = {
  Linf: [1, 2, 4, 8, 12, 16, 22, 30].map((levels) => `${levels}/255`),
  L2: ['0.25', '0.5', '1', '1.5', '2'],
};
const FEW_RADII = { Linf: ['4/255', '8/255', '16/255'], L2: ['1'] };

/** Grathwohl et al. 2019, and their code: docs/jem.md. */
export const jem: Preset = {
  name: 'jem',
  title: 'the protocol of the JEM paper',
  source: 'Grathwohl et al. 2019; docs/jem.md',
  data: [
    {
      name: 'test',
      entry: {},
      called: /^(test|cifar-?10(-batches-bin|-test.*)?)$/,
      told: 'test.npz, cifar10-test.npz, or the folder cifar-10-batches-bin',
      needed: true,
    },
    {
      name: 'validation',
      entry: { role: 'validation' },
      called: /^(validation|val|cifar-?10-val.*)$/,
      told: 'validation.npz, which fits the temperature of calibration',
    },
    {
      name: 'svhn',
      entry: { role: 'ood', distance: 'far' },
      called: /^(ood-)?svhn(-test.*)?$/,
      told: 'svhn.npz, or a folder svhn',
    },
    {
      name: 'cifar100',
      entry: { role: 'ood', distance: 'near' },
      called: /^(ood-)?cifar-?100(-binary|-test.*)?$/,
      told: 'cifar100.npz, or the folder cifar-100-binary',
    },
    {
      name: 'celeba',
      entry: { role: 'ood', distance: 'far' },
      called: /^(ood-)?celeba.*$/,
      told: 'a folder celeba of images, or celeba.npz',
      scaled: true,
    },
  ],
  models: [
    {
      name: 'extractor',
      called: /^(extractor|inception.*)$/,
      told: 'extractor.model.yaml, the card of a network with features: without it, the model itself judges its samples',
    },
  ],
  text: runFile,
};

function runFile(site: PresetSite): string {
  const { model, missing, limit, larger, onceOnly } = site;
  const { extractor } = site.models;
  const { name } = model;
  const published = `${name}-published`;
  const refined = [0, 1, 10].map((steps) => ({
    steps,
    system: `${name}-${steps}`,
    // Without a step there is nothing that a gradient would have to pass.
    ...(steps > 0 && onceOnly === undefined && { full: `${name}-${steps}-full` }),
  }));
  const chain = (steps: number, more = {}) => ({ by: name, steps, chains: 5, ...more });
  const scaled = site.found.map((one) => ({ ...one, entry: atInputSize(one, model.shape) }));
  const sets = [...scaled.map((one) => one.name), 'interpolated'];
  // Of the three halves of the noise's variance that two noisy images and a third draw come to, the system adds one.
  const second = Number(((NOISE / model.inputScale) * Math.SQRT1_2).toPrecision(4));
  const schedule = { ...(limit === undefined ? PAPER : SHORT) };
  if (limit !== undefined) schedule.examples = Math.min(schedule.examples, limit);
  const chains =
    limit === undefined ? { images: 100, steps: 1000 } : { images: Math.min(20, limit), steps: 20 };
  const radii = limit === undefined ? RADII : FEW_RADII;
  const images = { models: [name, published], datasets: sets };
  return `${[
    '# The protocol of the JEM paper (Grathwohl et al. 2019) as its public code has it, and as it should be: docs/jem.md.',
    ...(limit === undefined
      ? []
      : [
          `# Written for --limit ${limit}: the attacks of the suite jem are short as well. Without --limit they are the paper's.`,
        ]),
    `name: ${JSON.stringify(`JEM protocol: ${name}`)}`,
    'models:',
    `  - ${JSON.stringify(model.card)}`,
    ...(extractor
      ? [
          '  # In whose features Frechet distance and inception score are taken.',
          `  - ${JSON.stringify(extractor.card)}`,
        ]
      : []),
    ...(larger
      ? [
          `  # For ${larger.set} as the public code shows it: scaled by the shorter side.`,
          `  - ${JSON.stringify(larger.card)}`,
        ]
      : []),
    'defences:',
    `  # What the public code evaluates: noise of ${NOISE} on every image, in units of the network's input.`,
    `  - ${flow({ name: published, model: name, noise: { std: NOISE } })}`,
    ...(larger
      ? [`  - ${flow({ name: `${larger.name}-published`, model: larger.name, noise: { std: NOISE } })}`]
      : []),
    '  # JEM-k: five chains of k steps of SGLD, whose logits are averaged. Gradients pass them straight through, as published;',
    ...(onceOnly === undefined
      ? [
          '  # and back through every step, which needs second derivatives: without them, remove the rows that end in -full, and',
          '  # `full` below.',
        ]
      : [`  # not back through every step: ${oneLine(onceOnly)}.`]),
    ...refined.map(({ system, steps }) => `  - ${flow({ name: system, model: name, purify: chain(steps) })}`),
    ...refined.flatMap(({ full, steps }) =>
      full ? [`  - ${flow({ name: full, model: name, purify: chain(steps, { gradient: 'full' }) })}`] : [],
    ),
    'datasets:',
    ...scaled.map(({ name: set, entry }) => `  ${set}: ${flow(entry)}`),
    ...(larger
      ? [
          `  ${larger.set}-published: ${flow({ ...scaled.find(({ name: set }) => set === larger.set)?.entry, resize: larger.shorter })}`,
        ]
      : []),
    '  # Means of two test images; and with the noise that the public code adds to them a second time.',
    `  interpolated: ${flow({ of: 'test', interpolate: { noise: 0 }, distance: 'near' })}`,
    `  interpolated-published: ${flow({ of: 'test', interpolate: { noise: second }, distance: 'near' })}`,
    ...missing.map(({ name: set, told }) => `  # missing: ${set}: ${oneLine(told)}`),
    'suites:',
    `  - { accuracy: {}, ${beside(images)} }`,
    `  - { calibration: { bins: 20 }, ${beside(images)} }`,
    `  - { ood: { scores: [log-px, max-softmax, approximate-mass], histogramBins: 100 }, ${beside(images)} }`,
    '  # Chains from noise and, where the checkpoint keeps one, of its replay buffer; distal adversarials.',
    `  - { samples: ${flow({ ...chains, ...(extractor && { extractor: extractor.name, systems: [name] }) })}, models: ${flow([name, ...(extractor ? [extractor.name] : [])])}, datasets: ${flow(scaled.map((one) => one.name))}, optional: true }`,
    '  # Both columns, and the deviation panel. The published search keeps the last of its random starts, so that its curve',
    '  # is the same with few of them; more starts say better what the best of them would have been.',
    '  - jem:',
    `      model: ${name}`,
    `      published: ${published}`,
    '      interpolated: { published: interpolated-published, plain: interpolated }',
    ...(larger
      ? [
          `      ownSize: ${flow({ of: larger.set, dataset: `${larger.set}-published`, published: `${larger.name}-published` })}`,
        ]
      : []),
    `      refined: ${flow(refined.map(({ steps: _, ...one }) => one))}`,
    `      attacks: ${flow(Object.entries(radii).map(([norm, epsilons]) => ({ norm, epsilons })))}`,
    ...Object.entries(schedule).map(([key, value]) => `      ${key}: ${value}`),
    'seed: 1',
  ].join('\n')}\n`;
}

const beside = ({ models, datasets }: { models: string[]; datasets: string[] }) =>
  `models: ${flow(models)}, datasets: ${flow(datasets)}`;

/** Folders of photographs are scaled to the network's input; other data sets have its size. */
function atInputSize(set: PresetSite['found'][number], shape: readonly number[]) {
  const [, height, width] = shape;
  return isPhotographs(jem.data, set) && shape.length === 3
    ? { ...set.entry, resize: [height, width] }
    : set.entry;
}
