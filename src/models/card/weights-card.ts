import type { Architecture, Choices, Recognition } from '../../architectures/architecture.js';
import { recognise } from '../../architectures/registry.js';
import { innermost } from '../../architectures/views.js';
import type { Weights } from '../../architectures/weights.js';
import { flow } from '../../config/flow.js';
import type { AssayError } from '../../errors.js';
import type { Registry } from '../../registry.js';
import { type CardOrigin, cardOf, type InferredCard } from './infer-card.js';

/** Longer lists of layers are not what a person completes by hand. */
const MAX_LAYERS = 200;

/**
 * A card to complete, for weights from which no network could be built.
 * @param error why not
 * @param known default: the architectures that come with Assay
 */
export function cardOfWeights(
  weights: Weights,
  error: AssayError,
  origin: CardOrigin,
  known?: Registry<Architecture>,
): InferredCard {
  const match = recognise(weights, known);
  if (match?.recognition.choices) return toBeChosen(match, match.recognition.choices, origin);
  const missing = match?.recognition.missing;
  return match && missing
    ? toBeSaid(match, missing, origin)
    : toBeDescribed(innermost(weights), error, origin);
}

type Found = NonNullable<ReturnType<typeof recognise>>;

/** How many settings a card lists. */
const LISTED = 12;

/** Several settings fit; the card runs when the line of one is put in. */
function toBeChosen(
  { name, title, recognition }: Found,
  { keys, message, why, options, total }: Choices,
  origin: CardOrigin,
): InferredCard {
  const { facts, guesses } = recognition;
  const said = { name, ...facts, ...guesses };
  const what = keys.join(', ');
  const lines = options.slice(0, LISTED).map((one) => `# architecture: ${flow({ ...said, ...one })}`);
  const more = total > lines.length ? [`# and ${total > 1000 ? 'many' : total - lines.length} more`] : [];
  const asked =
    total === 0
      ? `# No usual ${what} fits: say those of the network's code.`
      : `# ${message ? 'Choose' : "The network's code tells"} which of these it is: put its line in place of the one below. Nothing runs until then.`;
  const orMeasured =
    total > 0 && !message
      ? [
          '# Or say the accuracy it is known to reach, `expect: { accuracy: ... }`: a run on labelled data then finds it.',
        ]
      : [];
  return {
    card: cardText(origin, recognition, [
      asked,
      ...orMeasured,
      ...lines,
      ...more,
      `architecture: ${flow(said)}`,
    ]),
    notes: [
      total === 0
        ? `the weights are those of a ${title}, but no usual ${what} fits: ${why}`
        : message
          ? `the weights are those of a ${title}, but ${message}: ${why}`
          : `the weights are those of a ${title}, but ${total > 1000 ? 'more than 1000' : total} settings of ${what} fit them: ${why}`,
      ...recognition.notes,
    ],
  };
}

function cardText(
  { name, checkpoint, sha256 }: CardOrigin,
  { image, range }: Recognition,
  architecture: readonly string[],
): string {
  const lines = [
    `name: ${JSON.stringify(name)}`,
    `checkpoint: ${JSON.stringify(checkpoint)}`,
    ...architecture,
    `input: { shape: [${image.join(', ')}], range: [${(range ?? [0, 1]).join(', ')}] }`,
    '# How many classes, or their names in the order of the logits.',
    'classes: 10',
    `sha256: ${sha256}`,
  ];
  return cardOf(lines);
}

/** The network is known but for some options. */
function toBeSaid(
  { name, title, recognition }: Found,
  missing: Readonly<Record<string, string>>,
  origin: CardOrigin,
): InferredCard {
  const { facts, guesses, notes } = recognition;
  const open = Object.keys(missing).join(', ');
  return {
    card: cardText(origin, recognition, [
      ...Object.entries(missing).map(([key, what]) => `# Add ${key} to the architecture: ${what}.`),
      `architecture: ${flow({ name, ...facts, ...guesses })}`,
    ]),
    notes: [`the weights are those of a ${title}, but do not tell its ${open}`, ...notes],
  };
}

/** A layer of the list, for the modules whose weights have the shape of one. */
function layerOf({ tensors }: Weights, key: string, dims: readonly number[]): string[] {
  if (dims.length === 4) {
    const padding = Math.floor(dims[2]! / 2);
    return [`    - conv: ${flow({ weights: key, stride: 1, padding })}  # [${dims.join(', ')}]`];
  }
  if (dims.length === 2) return [`    - linear: ${flow({ weights: key })}  # [${dims.join(', ')}]`];
  if (dims.length === 1 && tensors.has(`${key}.running_mean`))
    return [`    - batch-norm: ${flow({ weights: key })}`];
  return [`    # ${key}.weight [${dims.join(', ')}]: instance-norm, or group-norm with its groups?`];
}

/** The weights as a list of layers, which needs what stands between them. */
function toBeDescribed(weights: Weights, error: AssayError, origin: CardOrigin): InferredCard {
  const layers: string[] = [];
  const other: string[] = [];
  let flattened = false;
  let classes = 10;
  let channels = 3;
  for (const [name, { dims }] of weights.tensors) {
    const key = /^(.+)\.weight$/.exec(name)?.[1];
    if (key === undefined) {
      if (!/\.(bias|running_mean|running_var|num_batches_tracked)$/.test(name)) other.push(name);
      continue;
    }
    if (dims.length === 2 && !flattened) layers.push('    - flatten');
    if (dims.length === 2) [classes, flattened] = [dims[0]!, true];
    if (dims.length === 4 && layers.length === 0) channels = dims[1]!;
    layers.push(...layerOf(weights, key, dims));
  }
  const shape = channels === 1 ? [1, 28, 28] : [channels, 32, 32];
  const shown = layers.slice(0, MAX_LAYERS);
  const lines = [
    `name: ${JSON.stringify(origin.name)}`,
    `checkpoint: ${JSON.stringify(origin.checkpoint)}`,
    '# The layers with weights, in the order of the file. Put in what stands between them: relu, max-pool: { kernel: 2 },',
    '# global-avg-pool, ...; correct strides and paddings. A network with shortcuts cannot be written so: export it as ONNX.',
    'architecture:',
    '  name: sequential',
    '  layers:',
    ...shown,
    ...(layers.length > shown.length ? [`    # and ${layers.length - shown.length} more`] : []),
    ...(other.length > 0
      ? [`  # Tensors that no layer has: ${other.slice(0, 10).join(', ')}`, '  # ignore: []']
      : []),
    `input: { shape: [${shape.join(', ')}], range: [0, 1] }`,
    `classes: ${Math.max(2, classes)}`,
    `sha256: ${origin.sha256}`,
  ];
  return {
    card: cardOf(lines),
    notes: [
      `the network was not recognised: ${error.message}`,
      'pixels are used as they are, in [0, 1]: set input.range, or input.mean and std, if the network was trained otherwise',
    ],
  };
}
