import { createHash } from 'node:crypto';
import type { StoredImages } from '../architectures/weights.js';
import { estimatedGradients } from '../autodiff/coverage.js';
import { unboundedNode } from '../bounds/network/network.js';
import type { Engine, Program } from '../engines/engine.js';
import { sizedBy } from '../graph/declared-sizes.js';
import type { Graph, Note } from '../graph/graph.js';
import { inFloat32 } from '../graph/precision.js';
import { writeOnnx } from '../graph/write.js';
import type { Loss } from '../losses/loss.js';
import { losses as builtinLosses } from '../losses/registry.js';
import type { Registry } from '../registry.js';
import { classNames, type ModelCard } from './card/card.js';
import { type Contract, contractOf } from './card/contract.js';
import { refuseEngine, refuseSoftmaxNode, type Trial, tryOut } from './checks.js';
import { NotFinite } from './finite.js';
import { chainPixels } from './graph/chain-pixels.js';
import { refuseMap } from './graph/flattened-map.js';
import { findImageInput, inputNotes } from './graph/image-input.js';
import { chooseOutputs, softmaxNotes } from './graph/outputs.js';
import { type InTraining, type Prepared, prepare, type TracedShapes } from './graph/prepare.js';
import { type FoundMaps, findMaps } from './inner-maps.js';
import { keptWhileUsed } from './kept-while-used.js';
import { type FoundLayer, findLastLayer } from './last-layer.js';
import { Model } from './model.js';
import { efficientBatch } from './programs/batch-size.js';
import { usualCall } from './programs/call-memory.js';
import { missingDerivatives } from './programs/derivatives.js';
import { fittingBatch } from './programs/fitting-batch.js';
import { guardOf, naming, tryBatch, withinLimits } from './programs/guarded.js';
import type { Capability, SystemInfo } from './system.js';

export interface Origin {
  /** The card spelt out; default: it is, without a file of its own. */
  contract?: Contract;
  /** The checkpoint's file. */
  checkpoint?: string;
  /** What its weights were taken for, for people. */
  network?: string;
  /** More to know of how it is used. */
  notes?: readonly Note[];
  /** What it can be differentiated by. Default: what comes with Assay. */
  losses?: Registry<Loss>;
  /** Its hash; default: of the network as it would be written. */
  sha256?: string;
  /** Images of its training's chains. */
  chains?: StoredImages | undefined;
}

/** A model from a graph in memory and its card. Errors: as `openModel`, but for reading. */
export async function modelOf(
  given: Graph,
  card: ModelCard,
  engine: Engine,
  { checkpoint = 'the network', ...origin }: Origin = {},
): Promise<Model> {
  return withinLimits(checkpoint, () => assembled(given, card, engine, { ...origin, checkpoint }));
}

async function assembled(
  given: Graph,
  card: ModelCard,
  pool: Engine,
  {
    contract = contractOf(card),
    checkpoint,
    sha256,
    network: taken,
    notes = [],
    losses = builtinLosses,
    chains,
  }: Origin & { checkpoint: string },
): Promise<Model> {
  const network = inFloat32(given);
  refuseEngine(network, pool, checkpoint);
  refuseSoftmaxNode(network, contract, checkpoint);
  const guard = guardOf(pool);
  const { traced, training, ...prepared } = await prepare(guard, network, contract, checkpoint);
  const sized = sizedBy(prepared.graph);
  // What an image may make large, or endless, never runs anywhere else.
  const engine = sized === 'data' ? naming(guard, checkpoint) : pool;
  const choice = chooseOutputs(network, contract, checkpoint);
  await refuseMap(prepared, traced, contract, { output: choice.logits?.name ?? '', checkpoint });
  // The one session that is tried is the model's own.
  const program = await engine.compile(prepared.graph);
  const parts = {
    engine,
    guard,
    prepared,
    traced,
    training,
    sized,
    contract,
    choice,
    checkpoint,
    card,
    network,
    losses,
  };
  try {
    return await triedOut(program, parts, { sha256, taken, notes, chains });
  } catch (error) {
    await program.release();
    throw error;
  }
}

interface Parts {
  engine: Engine;
  guard: Engine;
  prepared: Prepared;
  traced: TracedShapes;
  training: InTraining | undefined;
  sized: ReturnType<typeof sizedBy>;
  contract: Contract;
  choice: ReturnType<typeof chooseOutputs>;
  checkpoint: string;
  card: ModelCard;
  network: Graph;
  losses: Registry<Loss>;
}

async function triedOut(
  program: Program,
  {
    engine,
    guard,
    prepared,
    traced,
    training,
    sized,
    contract,
    choice,
    checkpoint,
    card,
    network,
    losses,
  }: Parts,
  {
    sha256,
    taken,
    notes,
    chains,
  }: { sha256: string | undefined; taken: string | undefined; notes: readonly Note[] } & Pick<
    Origin,
    'chains'
  >,
): Promise<Model> {
  const trial = await tryOut(engine, program, prepared, contract, checkpoint).catch(async (error) => {
    const node = error instanceof NotFinite ? await error.origin?.() : undefined;
    throw node === undefined ? error : new NotFinite(`${error.message}, first at ${node}`, error.details);
  });
  const last = await lastLayerOf(prepared, contract, traced);
  const { maps, why } = mapsOf(prepared, traced);
  const { offers, lacks } = await capabilities(engine, prepared, traced, contract, trial, last);
  const info: SystemInfo = {
    name: card.name,
    model: card.name,
    defence: '',
    shape: contract.shape,
    classes: classNames(card),
    offers,
    lacks,
    stochastic: false,
    energy: offers.includes('logPx') ? contract.energy.kind : 'none',
    identity: identityOf(contract, sha256 ?? createHash('sha256').update(writeOnnx(network)).digest('hex')),
    ...(taken !== undefined && { network: taken }),
    notes: [
      ...notes,
      ...(network.notes ?? []),
      ...inputNotes(findImageInput(network, contract, checkpoint)),
      ...softmaxNotes(choice),
      ...(offers.includes('inputGradient') ? estimateNotes(prepared) : []),
    ],
    ...(last.features && { featureWidth: last.features.width }),
    maps: { shapes: maps.map(({ shape }) => shape), ...(why !== undefined && { why }) },
    ...(chains && { storedChains: chains.dims[0] }),
    ...(training && { batchNorms: training.layers }),
    inputScale: contract.inputScale,
  };
  const gradient = offers.includes('inputGradient');
  const call = usualCall({ prepared, traced, shape: contract.shape, gradient });
  const batch = await fittingBatch(engine, guard, {
    name: card.name,
    batch: card.batchSize ?? efficientBatch(call.activations),
    fixedBatch: prepared.fixedBatch,
    call,
  });
  const fixed = prepared.fixedBatch ?? 1;
  const batchSize = Math.ceil(batch / fixed) * fixed;
  if (sized === 'shapes') await tryBatch(guard, prepared, contract.shape, batchSize);
  const { features, layer: lastLayer } = last;
  return new Model(program, {
    engine,
    prepared: offered(prepared, offers),
    contract,
    info,
    batchSize,
    activations: call.activations,
    features,
    maps,
    lastLayer,
    losses,
    ...(training && {
      training: () => offered({ ...training.prepared(), fixedBatch: undefined }, offers),
    }),
    ...(chains && { storedChains: keptWhileUsed(() => chainPixels(chains, contract, checkpoint)) }),
  });
}

/** The features and the layer behind them; that of the energy where there are no classes. */
async function lastLayerOf(
  { graph, pixels, outputs, features }: Prepared,
  { classes }: Contract,
  { n, shapes }: TracedShapes,
): Promise<FoundLayer> {
  const { logits = outputs.logPx ?? '' } = outputs;
  const layer = await findLastLayer({
    graph,
    pixels,
    logits,
    classes: Math.max(1, classes),
    named: features,
    shapes: async () => shapes,
    n,
  });
  if (outputs.logits) return layer;
  const { layer: _, lacks, ...rest } = layer;
  return { ...rest, lacks: { ...lacks, lastLayer: NO_CLASSES } };
}

const NO_CLASSES = 'it does not classify (its model card names no classes)';

function mapsOf({ graph, pixels, outputs: { logits } }: Prepared, traced: TracedShapes): FoundMaps {
  if (!logits) return { maps: [], why: NO_CLASSES };
  return findMaps(graph, { pixels, output: logits, ...traced });
}

/** What to tell of gradients that go through rounding. */
function estimateNotes({ graph, pixels, outputs }: Prepared): Note[] {
  const nodes = new Set(Object.values(outputs).flatMap((o) => estimatedGradients(graph, [pixels], o)));
  if (nodes.size === 0) return [];
  const ops = [...new Set([...nodes].map(({ op }) => op))].join(', ');
  return [
    {
      code: 'straight-through-gradient',
      severity: 'warning',
      message: `gradients pass straight through ${nodes.size} rounded value${nodes.size === 1 ? '' : 's'} (${ops})`,
      why: 'rounding has no gradient: what is used is an estimate, and attacks that follow it may find less than there is',
    },
  ];
}

/** Without the outputs that are not offered. */
function offered(prepared: Prepared, offers: readonly Capability[]): Prepared {
  const { logits, logPx } = prepared.outputs;
  return { ...prepared, outputs: { logits, logPx: offers.includes('logPx') ? logPx : undefined } };
}

async function capabilities(
  engine: Engine,
  prepared: Prepared,
  traced: TracedShapes,
  contract: Contract,
  { normalised }: Trial,
  last: FoundLayer,
): Promise<Pick<SystemInfo, 'offers' | 'lacks'>> {
  const offers: Capability[] = [];
  const lacks: SystemInfo['lacks'] = { ...last.lacks };
  if (prepared.outputs.logits) offers.push('logits');
  else lacks.logits = NO_CLASSES;
  if (contract.energy.kind === 'none') lacks.logPx = contract.energy.reason;
  else if (normalised)
    lacks.logPx =
      'its outputs are log-probabilities, whose logsumexp is 0 for every image; name the logits before the LogSoftmax in `outputs.logits`';
  else offers.push('logPx');
  const missing = await missingDerivatives(engine, prepared, traced, contract.shape);
  Object.assign(lacks, missing);
  offers.push(...(['inputGradient', 'hessianProduct'] as const).filter((one) => !missing[one]));
  if (last.features) offers.push('features');
  if (last.layer) offers.push('lastLayer');
  const unbounded = whyUnbounded(prepared, contract);
  if (unbounded === undefined) offers.push('marginBounds');
  else lacks.marginBounds = unbounded;
  return { offers, lacks };
}

/** Why there are no bounds of margins; undefined where nothing speaks against them. */
function whyUnbounded(
  { graph, pixels, outputs: { logits }, fixedBatch }: Prepared,
  { classes }: Contract,
): string | undefined {
  if (!logits) return NO_CLASSES;
  if (classes < 2) return 'it has one class';
  if (fixedBatch !== undefined) return 'it takes a fixed number of images';
  const node = unboundedNode(graph, pixels, logits);
  return node && `there are no bounds for ${node.op} (node "${node.name}")`;
}

/** Hash of what decides the outputs: the weights and how the card uses them. */
function identityOf(contract: Contract, sha256: string): string {
  const { file: _file, name: _name, ...semantic } = contract;
  return createHash('sha256')
    .update(JSON.stringify([sha256, semantic]))
    .digest('hex');
}
