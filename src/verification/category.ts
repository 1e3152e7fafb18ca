import { basename, dirname, join, resolve } from 'node:path';
import type { Method } from '../bounds/certify.js';
import { makeFolder, writeDurably } from '../bytes/durable.js';
import { cellText } from '../csv-cell.js';
import type { Engine } from '../engines/engine.js';
import { AssayError } from '../errors.js';
import { stream } from '../random/stream.js';
import { readInflated, textOf } from './files.js';
import type { Instance } from './instances.js';
import { type Network, openNetwork } from './network.js';
import { drawn, inputsOf } from './points.js';
import type { Property } from './property.js';
import { type Answer, answered, type Witness } from './verify.js';
import { readProperty } from './vnnlib.js';
import { witnessText } from './witness.js';

/** What came out of an instance. */
export interface Outcome {
  onnx: string;
  vnnlib: string;
  result: 'sat' | 'unsat' | 'unknown' | 'timeout' | 'error';
  /** Reading property and network; seconds. */
  prepareTime: number;
  /** Attack and proofs; seconds. */
  runTime: number;
  /** What found or proved it. */
  by?: string;
  /** Why it is not known. */
  why?: string;
  /** Where the counterexample was written. */
  witness?: string;
  error?: AssayError;
}

export interface CategoryOptions {
  /** What results name it. */
  category: string;
  /** A folder; made where it is missing. */
  out: string;
  method: Method;
  seed: number;
  steps: number;
  restarts: number;
  /** Makes the engine, again after an instance that ran out of time. */
  engine(): Promise<Engine>;
  signal: AbortSignal;
  notify(event: { instance: Instance; at: number; of: number; stage: string }): void;
  done(outcome: Outcome): void;
}

/**
 * Verifies instances one after the other. `results.csv` in the folder has a line for each that is done, as the competition's:
 * category, network, property, seconds to prepare, result, seconds; counterexamples lie beside it.
 * Errors: `interrupted`; `output-unwritable`. What is wrong with an instance is its outcome.
 */
export async function verifyCategory(
  instances: readonly Instance[],
  options: CategoryOptions,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const bench = new Bench(options);
  try {
    for (const [at, instance] of instances.entries()) {
      const { witness, ...outcome } = await bench.outcomeOf(instance, (stage) =>
        options.notify({ instance, at, of: instances.length, stage }),
      );
      const written = witness && (await saved(options.out, instance, at, witness));
      outcomes.push({ ...outcome, ...(written !== undefined && { witness: written }) });
      await write(options.out, 'results.csv', resultLines(options.category, outcomes));
      options.done(outcomes.at(-1)!);
    }
  } finally {
    await bench.close();
  }
  return outcomes;
}

type Found = Omit<Outcome, 'witness'> & { witness?: Witness };

/** An engine and the network that was used last: lists name one many times in a row. */
class Bench {
  private engine: Promise<Engine> | undefined;
  private open: { file: string; inputs: number; outputs: number; network: Network } | undefined;

  constructor(private readonly options: CategoryOptions) {}

  async outcomeOf(instance: Instance, notify: (stage: string) => void): Promise<Found> {
    const { onnx, vnnlib } = instance;
    const begun = performance.now();
    const since = (from: number) => (performance.now() - from) / 1000;
    let prepared: number | undefined;
    const times = () => ({
      prepareTime: prepared === undefined ? since(begun) : (prepared - begun) / 1000,
      runTime: prepared === undefined ? 0 : since(prepared),
    });
    try {
      notify('reading');
      const property = await propertyOf(instance.property);
      const network = await this.networkOf(instance, property);
      prepared = performance.now();
      const answer = await this.inTime(instance, network, property, notify);
      return { onnx, vnnlib, ...times(), ...toldOf(answer) };
    } catch (error) {
      this.options.signal.throwIfAborted();
      if (!(error instanceof AssayError)) throw error;
      await this.close();
      return { onnx, vnnlib, result: 'error', ...times(), why: error.message, error };
    }
  }

  async close(): Promise<void> {
    const { engine, open } = this;
    this.engine = undefined;
    this.open = undefined;
    await open?.network.close().catch(() => undefined);
    await (await engine)?.close();
  }

  /** The time limit holds between calls of the engine, which cannot be ended: what is under way is waited for. */
  private async inTime(
    { seconds }: Instance,
    network: Network,
    property: Property,
    notify: (stage: string) => void,
  ): Promise<Answer | 'timeout'> {
    const { method, seed, steps, restarts, signal } = this.options;
    const end = performance.now() + 1000 * seconds;
    let closing: Promise<void> | undefined;
    const stop = () => {
      // Calls that wait are rejected.
      closing ??= this.close().catch(() => undefined);
    };
    const timer = setTimeout(stop, 1000 * seconds);
    signal.addEventListener('abort', stop, { once: true });
    const check = () => {
      signal.throwIfAborted();
      if (closing || performance.now() > end) throw new OutOfTime();
    };
    try {
      const answer = await answered(network, property, { method, seed, steps, restarts, notify, check });
      // What took longer than it may counts as not found.
      return performance.now() > end ? 'timeout' : answer;
    } catch (error) {
      if (!closing && !(error instanceof OutOfTime)) throw error;
      signal.throwIfAborted();
      return 'timeout';
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      await closing;
    }
  }

  private async networkOf({ network: file, property: from }: Instance, property: Property): Promise<Network> {
    const { inputs, outputs } = property;
    const { open } = this;
    if (open?.file === file && open.inputs === inputs && open.outputs === outputs) return open.network;
    await open?.network.close();
    this.open = undefined;
    this.engine ??= this.options.engine();
    const asked = { inputs, outputs, file: from };
    const network = await openNetwork(await this.engine, file, asked, samplesOf(property));
    this.open = { file, inputs, outputs, network };
    return network;
  }
}

class OutOfTime extends Error {}

async function propertyOf(path: string): Promise<Property> {
  const { file, bytes } = await readInflated(path, 'vnnlib');
  return readProperty(textOf(file, bytes), { file });
}

/** Three points of the first box; of a property without one, any. */
function samplesOf({ inputs, cases: [first] }: Property): Float32Array {
  const unit = { lower: new Float64Array(inputs), upper: new Float64Array(inputs).fill(1) };
  const box = inputsOf(first?.box ?? unit);
  const points = [0, 1, 2].map((example) =>
    drawn(box, stream({ seed: 0, purpose: 'verify/probe', example })),
  );
  return Float32Array.from(points.flatMap((point) => [...point]));
}

function toldOf(answer: Answer | 'timeout'): Pick<Found, 'result' | 'by' | 'why' | 'witness'> {
  if (answer === 'timeout') return { result: 'timeout' };
  const { verdict: result, ...told } = answer;
  return { result, ...told };
}

/** No header, as the competition's scripts write it. */
const resultLines = (category: string, outcomes: readonly Outcome[]): string =>
  outcomes
    .map(({ onnx, vnnlib, prepareTime, result, runTime }) =>
      [category, onnx, vnnlib, prepareTime.toFixed(3), result, runTime.toFixed(3)].map(quoted).join(','),
    )
    .map((line) => `${line}\n`)
    .join('');

const quoted = (text: string): string => {
  const cell = cellText(text);
  return /[",]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
};

async function saved(out: string, { onnx, vnnlib }: Instance, at: number, witness: Witness): Promise<string> {
  const stem = (path: string) =>
    basename(path)
      .replace(/\.gz$/, '')
      .replace(/\.[^.]*$/, '')
      .replace(/[^\w.-]/g, '_')
      .slice(0, 80);
  const name = `${String(at).padStart(4, '0')}_${stem(onnx)}_${stem(vnnlib)}.counterexample`;
  await write(out, name, witnessText(witness));
  return join(out, name);
}

async function write(out: string, name: string, content: string | Iterable<string>): Promise<void> {
  try {
    await makeFolder(resolve(out));
    await writeDurably(join(out, name), content);
  } catch (cause) {
    throw new AssayError('output-unwritable', 'results cannot be written', {
      file: join(out, name),
      found: (cause as Error).message,
      hint: 'check the folder and its permissions, or name another with --out',
      cause,
    });
  }
}

/** The name of the folder that a list of instances lies in. */
export const categoryOf = (file: string): string => basename(dirname(resolve(file)));
