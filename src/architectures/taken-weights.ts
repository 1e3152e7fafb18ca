import { flow } from '../config/flow.js';
import { AssayError } from '../errors.js';
import type { Tensor } from '../graph/graph.js';
import { asFloat32 } from '../graph/widen.js';
import type { Weights } from './weights.js';

/** Weights as a network takes them, one by one: what was taken is remembered. */
export class TakenWeights {
  private readonly used = new Set<string>();

  constructor(readonly weights: Weights) {}

  has(name: string): boolean {
    return this.weights.tensors.has(name);
  }

  /** An error about a tensor of the file. */
  refuse(message: string, name: string, expected: string, found: string): AssayError {
    return new AssayError('shape-mismatch', message, {
      file: this.weights.file,
      path: `tensor "${name}"`,
      expected,
      found,
      hint: 'check input.shape and `architecture` in the model card (docs/checkpoints.md)',
    });
  }

  /** A weight as float32. Errors: `shape-mismatch` when it is missing, holds no floats, or has other dimensions. */
  take(name: string, dims?: readonly (number | undefined)[]): Tensor {
    const tensor = this.weights.tensors.get(name);
    if (!tensor) {
      const near = [...this.weights.tensors.keys()].slice(0, 8).join(', ');
      throw this.refuse(
        'a weight that the network needs is not in the file',
        name,
        name,
        `tensors such as ${near}`,
      );
    }
    const data = asFloat32(tensor);
    if (!data) throw this.refuse('a weight does not hold floats', name, 'float numbers', tensor.type);
    const fits =
      !dims ||
      (dims.length === tensor.dims.length && dims.every((d, i) => d === undefined || d === tensor.dims[i]));
    if (!fits)
      throw this.refuse(
        'a weight does not fit the network',
        name,
        `the shape [${dims.map((d) => d ?? 'any').join(', ')}]`,
        `[${tensor.dims.join(', ')}]`,
      );
    this.used.add(name);
    return { type: 'float32', dims: [...tensor.dims], data };
  }

  /** Counts the tensor as used though nothing reads it. */
  ignore(name: string): void {
    this.used.add(name);
  }

  /** Errors: `model-invalid` when weights are left: the file then belongs to another network than the one built. */
  protected refuseUnused(what: string, architecture: string): void {
    const left = [...this.weights.tensors.keys()].filter(
      (n) => !this.used.has(n) && !n.endsWith('num_batches_tracked'),
    );
    if (left.length > 0)
      throw new AssayError('model-invalid', `the file holds weights that ${what} has no place for`, {
        file: this.weights.file,
        expected: 'every weight used',
        found: `${left.length} unused: ${left
          .slice(0, 6)
          .map((n) => this.describe(n))
          .join(', ')}${left.length > 6 ? ', ...' : ''}`,
        hint: `if they are no part of it, leave them out: \`architecture: ${flow({ name: architecture, ignore: this.beginnings(left) })}\`; otherwise describe the network as \`architecture: { name: sequential, layers: [...] }\` (docs/checkpoints.md), or export it as ONNX`,
        also: left.slice(6, 30).map((n) => this.describe(n)),
      });
  }

  /** The shortest beginnings of these names, at a dot, that no used tensor has; at most ten. */
  private beginnings(names: readonly string[]): string[] {
    const used = [...this.used];
    const shortest = (name: string) => {
      const ends = [...name.matchAll(/\./g)].map(({ index }) => name.slice(0, index + 1));
      return ends.find((start) => !used.some((other) => other.startsWith(start))) ?? name;
    };
    return [...new Set(names.map(shortest))].slice(0, 10);
  }

  private describe(name: string): string {
    return `${name.slice(0, 200)} [${this.weights.tensors.get(name)?.dims.join(', ') ?? ''}]`;
  }
}
