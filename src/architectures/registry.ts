import { flow } from '../config/flow.js';
import { type TObject, Type } from '../config/type.js';
import { check } from '../config/validate.js';
import { AssayError } from '../errors.js';
import type { Note } from '../graph/graph.js';
import { Registry } from '../registry.js';
import type { Architecture, ArchitectureChoice, BuiltNetwork, Recognition } from './architecture.js';
import { cnn } from './cnn.js';
import { refuseData } from './data-set.js';
import type { ImageShape } from './image-shape.js';
import { mlp } from './mlp.js';
import { Network } from './network.js';
import { preactResnet } from './preact-resnet.js';
import { cifarResnet, resnet } from './resnet.js';
import { sequential } from './sequential.js';
import { severalModels } from './several-models.js';
import { undecided } from './undecided.js';
import { vgg } from './vgg.js';
import { describeLeftOut, innermost, modulesIn, type View, views } from './views.js';
import type { Weights } from './weights.js';
import { wideResnet } from './wide-resnet.js';

/** Every architecture that comes with Assay. Weights are compared in this order. */
export const architectures = Registry.of<Architecture>('architecture', [
  wideResnet,
  resnet,
  cifarResnet,
  preactResnet,
  vgg,
  cnn,
  mlp,
  sequential,
]);

/** What a card's `architecture` may hold. */
export function architectureSchema({ name, title, options }: Architecture): TObject {
  return Type.Object(
    {
      name: Type.Literal(name),
      stateDict: Type.Optional(
        Type.String({
          minLength: 1,
          description:
            'Which weights of a file that holds several: `ema`, `state_dict`. Default: the trained ones.',
        }),
      ),
      ignore: Type.Optional(
        Type.Array(Type.String({ minLength: 1 }), {
          description: 'Tensors, or beginnings of names, that the network does not use.',
        }),
      ),
      ...options.properties,
    },
    { additionalProperties: false, description: `The options of a ${title}.` },
  );
}
/** Checks a card's `architecture`. Errors: `unknown-name`, `config-invalid`; they name file and key. */
export function checkArchitecture(
  choice: ArchitectureChoice,
  file: string,
  known: Registry<Architecture> = architectures,
): void {
  const row = known.named(choice.name, { file, path: 'architecture.name' });
  check(architectureSchema(row), choice, { file, what: 'model card', at: 'architecture' });
  row.check?.(choice, file);
}

export interface NetworkRequest {
  architecture?: ArchitectureChoice;
  /** (C, H, W) of the card. */
  shape?: ImageShape;
  /** The card's file, for messages. */
  card?: string;
  /** The one layout that a format is for. */
  only?: string;
  /** What weights are compared with. Default: what comes with Assay. */
  architectures?: Registry<Architecture>;
}

interface Found extends View {
  row: Architecture;
  recognition: Recognition;
}

function find(
  weights: Weights,
  { architecture, only, shape, architectures: known = architectures }: NetworkRequest,
): Found | undefined {
  const candidates = [...known].filter(
    ({ name }) => architecture === undefined || name === architecture.name,
  );
  const all = views(weights, architecture?.ignore);
  const choices = severalModels(weights, architecture);
  // A row that knows names better than another is asked of every view before it.
  for (const row of candidates)
    for (const view of all) {
      const recognition = row.recognise(view.weights, architecture ?? {}, shape);
      if (recognition && (only === undefined || recognition.layout === only))
        return { row, recognition: choices ? { ...recognition, choices } : recognition, ...view };
    }
  return undefined;
}

/** What weights tell of the network they belong to, without building it. Undefined for those of no known network. */
export function recognise(
  weights: Weights,
  known?: Registry<Architecture>,
): { name: string; title: string; recognition: Recognition } | undefined {
  const match = find(weights, { architectures: known });
  return match && { name: match.row.name, title: match.row.title, recognition: match.recognition };
}

function shown({ tensors }: Weights): string[] {
  return [...tensors].map(([name, { dims }]) => `${name.slice(0, 200)} [${dims.join(', ')}]`);
}

/** For a file that holds a known network beside something that might be a part of it. */
function setAside(weights: Weights, known: Registry<Architecture>): string {
  for (const { weights: module, ignore } of modulesIn(weights).slice(0, MAX_MODULES)) {
    const match = recognise(module, known);
    if (match)
      return `if ${ignore.join(', ')} ${ignore.length > 1 ? 'are' : 'is'} no part of the network, leave ${ignore.length > 1 ? 'them' : 'it'} out: \`architecture: ${flow({ name: match.name, ignore })}\`; otherwise `;
  }
  return '';
}

/** Modules that are looked at for an error. */
const MAX_MODULES = 8;

function unrecognised(
  weights: Weights,
  { architecture, only, card, architectures: known = architectures }: NetworkRequest,
): AssayError {
  const list = shown(weights);
  const found = `${list.length} tensors: ${list.slice(0, 6).join(', ')}${list.length > 6 ? ', ...' : ''}`;
  const several = severalModels(weights, architecture);
  const which = several ? `${several.message} (${several.why}): say \`stateDict\` too; ` : '';
  const hint = `${which}${setAside(weights, known)}describe the network in the card as \`architecture: { name: sequential, layers: [...] }\` (docs/checkpoints.md), or export it as ONNX`;
  if (architecture)
    return new AssayError('shape-mismatch', `the weights are not named like those of ${architecture.name}`, {
      file: card ?? weights.file,
      path: 'architecture.name',
      expected: `weights of a ${known.find(architecture.name)?.title} in ${weights.file}`,
      found,
      hint,
    });
  return new AssayError('model-invalid', 'the weights belong to no network that is known', {
    file: weights.file,
    expected: only ? `the layout ${only}` : `one of ${[...known].map(({ title }) => title).join(', ')}`,
    found,
    hint,
  });
}

/** The options that the network is built with. Errors: `config-invalid` where the card contradicts the weights. */
function optionsOf(match: Found, { architecture, card }: NetworkRequest): ArchitectureChoice {
  const { row, weights, recognition } = match;
  const {
    name: _name,
    stateDict: _stateDict,
    ignore: _ignore,
    ...given
  } = architecture ?? { name: row.name };
  const file = card ?? weights.file;
  for (const [key, fact] of Object.entries(recognition.facts))
    if (given[key] !== undefined && JSON.stringify(given[key]) !== JSON.stringify(fact))
      throw new AssayError('config-invalid', 'the card and the weights disagree', {
        file,
        path: `architecture.${key}`,
        expected: `${String(fact)}, as in ${weights.file}`,
        found: String(given[key]),
        hint: 'correct it, or leave it out: the weights show it',
      });
  for (const [key, what] of Object.entries(recognition.missing ?? {}))
    if (given[key] === undefined)
      throw new AssayError('config-invalid', `the weights do not tell the ${key} of the ${row.title}`, {
        file,
        path: `architecture.${key}`,
        expected: what,
        hint: `state it in the model card: architecture: { name: ${row.name}, ${key}: ... }`,
      });
  if (recognition.choices)
    throw undecided(recognition.choices, {
      row,
      given: { ...architecture, name: row.name },
      weights: weights.file,
      file,
    });
  return { name: row.name, ...recognition.facts, ...recognition.guesses, ...given };
}

/** A tensor without numbers can claim any size; no layer has one. */
function refuseEmpty(weights: Weights): void {
  for (const [name, { dims }] of weights.tensors)
    if (dims.includes(0))
      throw new AssayError('model-invalid', 'a weight is empty', {
        file: weights.file,
        path: `tensor "${name}"`,
        expected: 'at least one number',
        found: `the shape [${dims.join(', ')}]`,
        hint: 'check that the file was saved from a whole model',
      });
}

/** What the card does not say, the weights do not tell, and something had to be. */
function assumptions(
  { row, recognition }: Found,
  { architecture = { name: row.name } }: NetworkRequest,
  open: Readonly<Record<string, unknown>>,
): Note[] {
  const assumed = Object.fromEntries(Object.entries(open).filter(([key]) => architecture[key] === undefined));
  if (Object.keys(assumed).length === 0) return [];
  return [
    {
      code: 'network-assumed',
      severity: 'note',
      message: `the weights do not tell all of the ${row.title} (${recognition.layout}); assumed: ${flow(assumed).slice(2, -2)}`,
      why: 'other networks have the same weights and other outputs: state `expect.accuracy`, or the keys of `architecture`, in the model card',
    },
  ];
}

const setAsideNotes = (leftOut: string | undefined): Note[] =>
  leftOut === undefined
    ? []
    : [
        {
          code: 'weights-left-out',
          severity: 'note',
          message: `left out of the file of weights, as no part of the network: ${leftOut}`,
        },
      ];

/** A buffer that no suite will look at is told of: its training may have kept it in another layout. */
function bufferNotes({ noBuffer }: Weights): Note[] {
  if (noBuffer === undefined) return [];
  return [
    {
      code: 'weights-left-out',
      severity: 'note',
      message: `left out of the file of weights, as no images of chains: ${noBuffer}`,
      why: 'a replay buffer is read as images (n, C, H, W), at least one: without them, nothing is drawn from it or said of it',
    },
  ];
}

/**
 * Builds the network that weights belong to: the one that a card names, or the one that their names and shapes
 * tell. Every weight must find its place.
 * Errors: `model-invalid` for weights of no known network or with some left over; `shape-mismatch` where they do not
 * fit; `config-invalid` where the card contradicts them or must say more.
 */
export function networkOf(weights: Weights, request: NetworkRequest = {}): BuiltNetwork {
  refuseEmpty(weights);
  const match = find(weights, request);
  if (!match) refuseData(weights);
  if (!match) throw unrecognised(innermost(weights), request);
  const { row, recognition } = match;
  const options = optionsOf(match, request);
  const image = request.shape ?? recognition.image;
  const network = new Network(match.weights, image);
  row.build(network, options);
  const { stateDict, ignore } = request.architecture ?? {};
  const guessed = Object.keys(recognition.guesses ?? {}).map((key) => [key, options[key]]);
  const open = { ...Object.fromEntries(guessed), ...recognition.assumed };
  const graph = network.finish(`a ${row.title} (${recognition.layout})`, row.name);
  const others = weights.others.map((path) => path || '(the root)');
  const leftOut = describeLeftOut(match.leftOut);
  return {
    graph: {
      ...graph,
      notes: [
        ...(graph.notes ?? []),
        ...assumptions(match, request, open),
        ...setAsideNotes(leftOut),
        ...bufferNotes(weights),
      ],
    },
    open,
    architecture: { ...options, ...(stateDict !== undefined && { stateDict }), ...(ignore && { ignore }) },
    title: row.title,
    layout: recognition.layout,
    image,
    range: recognition.range,
    normaliser: match.normaliser ?? recognition.normaliser,
    leftOut,
    notes: [
      ...recognition.notes,
      ...(match.weights.notes ?? []),
      ...(weights.replayBuffer
        ? [`the file keeps ${weights.replayBuffer.dims[0]} images of its training's chains (replay buffer)`]
        : []),
      ...(others.length > 0
        ? [`the file also holds weights under ${others.join(', ')}: choose them with architecture.stateDict`]
        : []),
    ],
    replayBuffer: weights.replayBuffer,
  };
}
