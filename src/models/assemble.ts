import { createHash } from 'node:crypto';
import { missingGradients } from '../autodiff/coverage.js';
import type { Engine } from '../engines/engine.js';
import { AssayError } from '../errors.js';
import type { Graph } from '../graph/graph.js';
import { writeOnnx } from '../graph/write.js';
import { activationsPerImage, efficientBatch } from './batch-size.js';
import { classNames, type ModelCard } from './card.js';
import { refuseSoftmaxNode, type Trial, tryOut } from './checks.js';
import { type Contract, contractOf } from './contract.js';
import { tryGradient } from './gradient-program.js';
import { Model } from './model.js';
import { type Prepared, prepare } from './prepare.js';
import type { Capability, SystemInfo } from './system.js';

export interface Origin {
  /** The card's file. */
  file?: string;
  /** The checkpoint's file. */
  checkpoint?: string;
  /** Its hash; default: of the network as it would be written. */
  sha256?: string;
}

/** A model from a graph in memory and its card. Errors: as `openModel`, but for reading. */
export async function modelOf(
  network: Graph,
  card: ModelCard,
  engine: Engine,
  { file, checkpoint = 'the network', sha256 }: Origin = {},
): Promise<Model> {
  const contract = contractOf(card, file);
  refuseSoftmaxNode(network, contract, checkpoint);
  const prepared = await prepare(engine, network, contract, checkpoint);
  const trial = await tryOut(engine, prepared, contract, checkpoint);
  const { offers, lacks } = await capabilities(engine, prepared, contract, trial);
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
    inputScale: contract.inputScale,
  };
  const wanted =
    card.batchSize ?? efficientBatch(await activationsPerImage(engine, prepared, contract.shape));
  const fixed = prepared.fixedBatch ?? 1;
  const batchSize = Math.ceil(wanted / fixed) * fixed;
  return Model.create({ engine, prepared: offered(prepared, offers), contract, info, batchSize });
}

/** Without the outputs that are not offered. */
function offered(prepared: Prepared, offers: readonly Capability[]): Prepared {
  const { logits, logPx } = prepared.outputs;
  return { ...prepared, outputs: { logits, logPx: offers.includes('logPx') ? logPx : undefined } };
}

async function capabilities(
  engine: Engine,
  prepared: Prepared,
  contract: Contract,
  { normalised }: Trial,
): Promise<Pick<SystemInfo, 'offers' | 'lacks'>> {
  const offers: Capability[] = [];
  const lacks: SystemInfo['lacks'] = {};
  if (prepared.outputs.logits) offers.push('logits');
  else lacks.logits = 'it does not classify (its model card names no classes)';
  if (contract.energy.kind === 'none') lacks.logPx = contract.energy.reason;
  else if (normalised)
    lacks.logPx =
      'its outputs are log-probabilities, whose logsumexp is 0 for every image; name the logits before the LogSoftmax in `outputs.logits`';
  else offers.push('logPx');
  const why = await gradientMissing(engine, prepared, contract);
  if (why) lacks.inputGradient = why;
  else offers.push('inputGradient');
  return { offers, lacks };
}

/** Why the pixels have no gradient; undefined when they have. */
async function gradientMissing(
  engine: Engine,
  prepared: Prepared,
  contract: Contract,
): Promise<string | undefined> {
  for (const output of engine.differentiate ? [] : Object.values(prepared.outputs)) {
    const [first] = missingGradients(prepared.graph, [prepared.pixels], output);
    if (first)
      return `no gradient rule for ${first.domain ? `${first.domain}.` : ''}${first.op}, at node "${first.name}"`;
  }
  try {
    await tryGradient({ engine, prepared, contract }, prepared.outputs.logits ? 'logit' : 'log-px');
    return undefined;
  } catch (error) {
    // A rule that exists may still not cover a node: indices computed at run time, for example.
    if (error instanceof AssayError && error.code === 'op-unsupported')
      return `${error.message}${error.details.path ? `, at ${error.details.path}` : ''}`;
    throw error;
  }
}

/** Hash of what decides the outputs: the weights and how the card uses them. */
function identityOf(contract: Contract, sha256: string): string {
  const { file: _file, features: _features, name: _name, ...semantic } = contract;
  return createHash('sha256')
    .update(JSON.stringify([sha256, semantic]))
    .digest('hex');
}
