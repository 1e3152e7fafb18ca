import { AssayError } from '../errors.js';
import type { GraphBuilder } from '../graph/build.js';
import { float, int } from '../graph/build.js';
import type { DataType, Node, Tensor } from '../graph/graph.js';
import { fromStart, NodeReader } from '../graph/node-reader.js';
import { toNumbers } from '../graph/tensor.js';

/** Type and dimensions of every value, read off one traced run. */
export type Shapes = ReadonlyMap<string, { type: DataType; dims: readonly number[] }>;

/** A value, or a number that stands for a float32 scalar constant. */
export type Term = string | number;

/**
 * Where a rule or a lowering is applied: one node, its values, and a builder to emit with. Emitted
 * arithmetic has the names of ONNX operators in lower case.
 */
export class Site extends NodeReader {
  constructor(
    node: Node,
    readonly b: GraphBuilder,
    private readonly shapes: Shapes,
    private readonly constants: (name: string) => Tensor | undefined,
    /** Gradient of each output; undefined where nothing depends on it. */
    readonly grads: readonly (string | undefined)[] = [],
    private readonly active: (name: string) => boolean = () => true,
  ) {
    super(node);
  }

  get x(): readonly string[] {
    return this.node.inputs;
  }
  /** The first output. */
  get y(): string {
    return this.node.outputs[0]!;
  }
  /** Gradient of the first output. */
  get g(): string {
    return this.grads[0] ?? this.zerosLike(this.y);
  }
  /** Whether a gradient of input `i` is of use. */
  wanted(i: number): boolean {
    return this.has(i) && this.active(this.x[i]!);
  }
  shape(value: string): readonly number[] {
    const known = this.shapes.get(value);
    if (!known) throw this.unsupported(`the shape of value "${value}" was not traced`);
    return known.dims;
  }
  rank(value: string): number {
    return this.shape(value).length;
  }
  type(value: string): DataType {
    return this.shapes.get(value)?.type ?? 'float32';
  }
  constant(value: string): Tensor | undefined {
    return this.constants(value);
  }
  /** Values of a constant integer or float input, undefined when the input is left out. */
  constantNumbers(i: number, what: string): number[] | undefined {
    if (!this.has(i)) return undefined;
    const tensor = this.constants(this.x[i]!);
    if (!tensor) throw this.unsupported(`its ${what} are computed at run time`);
    return toNumbers(tensor);
  }

  /** The axis attribute, counted from 0. */
  axis(fallback: number, rank = this.rank(this.x[0]!)): number {
    return fromStart(this.number('axis', fallback), rank);
  }

  add = (a: Term, b: Term) => this.emit('Add', a, b);
  sub = (a: Term, b: Term) => this.emit('Sub', a, b);
  mul = (a: Term, b: Term) => this.emit('Mul', a, b);
  div = (a: Term, b: Term) => this.emit('Div', a, b);
  pow = (a: Term, b: Term) => this.emit('Pow', a, b);
  neg = (a: Term) => this.emit('Neg', a);
  exp = (a: Term) => this.emit('Exp', a);
  log = (a: Term) => this.emit('Log', a);
  sqrt = (a: Term) => this.emit('Sqrt', a);
  where = (condition: string, a: Term, b: Term) => this.emit('Where', condition, a, b);
  greater = (a: Term, b: Term) => this.emit('Greater', a, b);
  less = (a: Term, b: Term) => this.emit('Less', a, b);
  equal = (a: Term, b: Term) => this.emit('Equal', a, b);
  matmul = (a: Term, b: Term) => this.emit('MatMul', a, b);

  emit(op: string, ...terms: Term[]): string {
    return this.b.op(
      op,
      terms.map((t) => (typeof t === 'number' ? this.b.scalar(t) : t)),
    );
  }

  /** 1 where a value is positive, 0 elsewhere: a HardSigmoid keeps onnxruntime's blocked layout, Where does not. */
  step(value: string): string {
    return this.b.op('HardSigmoid', [value], { alpha: float(STEEP), beta: float(0) });
  }
  toFloat(value: string): string {
    return this.b.op('Cast', [value], { to: int(1) });
  }
  shapeOf(value: string): string {
    return this.b.op('Shape', [value]);
  }
  reshapeLike(value: string, like: string): string {
    return this.b.op('Reshape', [value, this.shapeOf(like)]);
  }
  reshape(value: string, dims: readonly number[]): string {
    return this.b.op('Reshape', [value, this.b.ints(dims)]);
  }
  expandLike(value: string, like: string): string {
    return this.b.op('Expand', [value, this.shapeOf(like)]);
  }
  zerosLike(value: string): string {
    return this.b.op('ConstantOfShape', [this.shapeOf(value)]);
  }
  reduceSum(value: string, axes: readonly number[], keepdims = true): string {
    return this.b.op('ReduceSum', [value, this.b.ints(axes)], { keepdims: int(keepdims ? 1 : 0) });
  }
  reduceMean(value: string, axes: readonly number[]): string {
    return this.b.op('ReduceMean', [value, this.b.ints(axes)]);
  }

  unsupported(why: string) {
    return new AssayError('op-unsupported', `no gradient for ${this.node.op}: ${why}`, {
      path: `node "${this.node.name}"`,
      hint: 'suites that need no gradients still run; export the model with static shapes if you can',
    });
  }
}

/** Slope of the step function made of a HardSigmoid: 1 from 1/STEEP on. Just inside float32's range. */
export const STEEP = 3e37;
