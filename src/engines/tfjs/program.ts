import * as tf from '@tensorflow/tfjs';
import { AssayError } from '../../errors.js';
import type { Graph } from '../../graph/graph.js';
import type { Differentiation, Value } from '../engine.js';
import { Memory } from './memory.js';
import { hoistConstants, planOf, type Step } from './plan.js';
import { Site, still } from './site.js';
import { gradientName, Tape } from './tape.js';
import { download, upload } from './transfer.js';

/** A graph that TensorFlow.js runs, with its constants on the backend. */
export class TfjsProgram {
  private readonly graph: Graph;
  private readonly memory: Memory;
  private readonly plans = new Map<string, Step[]>();

  /**
   * @param gradient gradients that every run gives beside the outputs, under `gradientName`
   * Errors: `op-unsupported` names the first node without a row.
   */
  constructor(
    graph: Graph,
    private readonly gradient?: Differentiation,
  ) {
    this.graph = hoistConstants(graph);
    this.memory = new Memory(this.graph.initializers);
    this.plan(this.graph.outputs.map((o) => o.name));
  }

  /** Errors: `op-unsupported` names a node that cannot be run or differentiated. */
  run(feeds: Record<string, Value>, fetches: readonly string[] = this.names()): Record<string, Value> {
    let outputs: Record<string, Value> = {};
    // Nothing is returned through `tidy`: it would look for tensors in every number of it.
    tf.tidy(() => {
      try {
        const inputs = this.feed(feeds);
        if (this.gradient) outputs = this.withGradients(this.gradient, inputs, fetches);
        else {
          this.walk(this.plan(fetches));
          outputs = this.outputs(fetches);
        }
      } finally {
        this.memory.clear();
      }
    });
    return outputs;
  }

  dispose(): void {
    this.memory.dispose();
  }

  private names(): string[] {
    const gradients = this.gradient?.wrt.map(gradientName) ?? [];
    return [...this.graph.outputs.map((o) => o.name), ...gradients];
  }

  private plan(fetches: readonly string[]): Step[] {
    const key = fetches.join('\n');
    const plan = this.plans.get(key) ?? planOf(this.graph, fetches);
    this.plans.set(key, plan);
    return plan;
  }

  private feed(feeds: Record<string, Value>): Map<string, tf.Tensor> {
    const inputs = new Map<string, tf.Tensor>();
    for (const { name } of this.graph.inputs) {
      if (!Object.hasOwn(feeds, name)) throw new Error(`input "${name}" is not fed`);
      const tensor = upload(feeds[name]!, name);
      inputs.set(name, tensor);
      this.memory.write(name, tensor);
    }
    return inputs;
  }

  private withGradients(
    { of, wrt, along }: Differentiation,
    inputs: ReadonlyMap<string, tf.Tensor>,
    fetches: readonly string[],
  ): Record<string, Value> {
    const gradients = new Map(wrt.map((name) => [gradientName(name), name]));
    const plain = fetches.filter((name) => !gradients.has(name));
    const tape = new Tape();
    let outputs: Record<string, Value> = {};
    const input = (name: string) => {
      const source = inputs.get(name);
      if (!source) throw new Error(`"${name}" is not an input of graph "${this.graph.name}"`);
      return source;
    };
    const weights = along === undefined ? undefined : input(along);
    const kept = new Set(along === undefined ? wrt : [...wrt, along]);
    const walked = () => {
      this.walk(this.plan([...new Set([...plain, of])]), tape, kept);
      outputs = this.outputs(plain);
      return this.memory.tensor(of);
    };
    const results = tape.gradients(wrt.map(input), walked, weights);
    wrt.forEach((name, i) => {
      outputs[gradientName(name)] = download(results[i]!, 'float32', gradientName(name));
    });
    return outputs;
  }

  /** Runs nodes in order; a value is freed after its last use, the inputs of a gradient excepted. */
  private walk(plan: readonly Step[], tape?: Tape, kept: ReadonlySet<string> = new Set()): void {
    for (const { node, row, last } of plan) {
      const results = tf.tidy(() => {
        const site = new Site(node, this.memory);
        const made = explained(site, () => row.run(site));
        const list = Array.isArray(made) ? made : [made as tf.Tensor];
        // What a row does not own is copied, so that every value can be freed by itself.
        const copy = row.flat ? still : (x: tf.Tensor) => (site.borrowed.has(x) ? tf.clone(x) : x);
        return list.map(copy);
      });
      tape?.mark(node);
      node.outputs.forEach((name, i) => {
        if (name === '') return;
        if (!results[i])
          throw new Error(`${node.op} gives no output ${i}, which node "${node.name}" asks for`);
        this.memory.write(name, results[i]);
      });
      for (const name of last) if (!kept.has(name)) this.memory.forget(name);
    }
  }

  private outputs(fetches: readonly string[]): Record<string, Value> {
    return Object.fromEntries(
      fetches.map((name) => {
        const declared = this.graph.outputs.find((o) => o.name === name);
        if (!declared) throw new Error(`"${name}" is not an output of graph "${this.graph.name}"`);
        return [name, download(this.memory.tensor(name), declared.type, name)];
      }),
    );
  }
}

/** The library's own words with the node they are about. */
function explained<T>(site: Site, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof AssayError) throw error;
    const { name, op } = site.node;
    throw new Error(`node "${name}" (${op}): ${error instanceof Error ? error.message : String(error)}`);
  }
}
