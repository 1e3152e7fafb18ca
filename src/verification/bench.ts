import type { Method } from '../bounds/certify.js';
import type { Engine } from '../engines/engine.js';
import { AssayError } from '../errors.js';
import { stream } from '../random/stream.js';
import { readInflated, textOf } from './files.js';
import type { Instance } from './instances.js';
import { type Decided, digestOf, type Kept } from './kept.js';
import { type Network, openNetwork } from './network.js';
import { drawn, holds, inputsOf } from './points.js';
import { isMet, type Property } from './property.js';
import { type Answer, answered } from './verify.js';
import { readProperty } from './vnnlib.js';

export interface BenchOptions {
  /** The last method of proof that is tried. */
  method: Method;
  seed: number;
  steps: number;
  restarts: number;
  /** Makes the engine, again after an instance that ran out of time. */
  engine(): Promise<Engine>;
  signal: AbortSignal;
}

/** What came out of an instance, and of what it is the result; or why it could not be run. */
export type Found =
  | (Kept & { decided: Decided })
  | (Pick<Kept, 'prepareTime' | 'runTime' | 'why'> & { result: 'error'; error: AssayError });

/** An engine and the network that was used last: lists name one many times in a row. */
export class Bench {
  private engine: Promise<Engine> | undefined;
  private open: { file: string; inputs: number; outputs: number; network: Network } | undefined;

  constructor(private readonly options: BenchOptions) {}

  /** Errors: the reason of the signal. What is wrong with the instance is what is found. */
  async run(instance: Instance, notify: (stage: string) => void): Promise<Found> {
    const { method, seed, steps, restarts } = this.options;
    const begun = performance.now();
    const since = (from: number) => (performance.now() - from) / 1000;
    let prepared: number | undefined;
    const times = () => ({
      prepareTime: prepared === undefined ? since(begun) : (prepared - begun) / 1000,
      runTime: prepared === undefined ? 0 : since(prepared),
    });
    try {
      notify('reading');
      const { property, sha256 } = await propertyOf(instance.property);
      const network = await this.networkOf(instance, property);
      prepared = performance.now();
      const answer = await this.inTime(instance, network, property, notify);
      const by = { seconds: instance.seconds, method, seed, steps, restarts };
      return {
        ...times(),
        ...toldOf(answer),
        decided: { network: network.sha256, property: sha256, ...by },
      };
    } catch (error) {
      this.options.signal.throwIfAborted();
      if (!(error instanceof AssayError)) throw error;
      await this.close();
      return { result: 'error', ...times(), why: error.message, error };
    }
  }

  /**
   * Why a point is no counterexample; undefined where it is one.
   * Errors: those of the network and the property.
   */
  async refusal(instance: Instance, point: Float32Array): Promise<string | undefined> {
    const { property } = await propertyOf(instance.property);
    if (point.length !== property.inputs)
      return `it has ${point.length} inputs, and the property ${property.inputs}`;
    const network = await this.networkOf(instance, property);
    const outputs = await network.forward(point.slice());
    const inside = property.cases.filter(({ box }) => holds(inputsOf(box), point));
    if (inside.length === 0) return 'it lies outside of the box';
    return inside.some((one) => isMet(one, outputs)) ? undefined : 'it was run, and its outputs are none';
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

async function propertyOf(path: string): Promise<{ property: Property; sha256: string }> {
  const { file, bytes } = await readInflated(path, 'vnnlib');
  return { property: readProperty(textOf(file, bytes), { file }), sha256: digestOf(bytes) };
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

function toldOf(answer: Answer | 'timeout'): Pick<Kept, 'result' | 'by' | 'why' | 'witness'> {
  if (answer === 'timeout') return { result: 'timeout' };
  const { verdict: result, ...told } = answer;
  return { result, ...told };
}
