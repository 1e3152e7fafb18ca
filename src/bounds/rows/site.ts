import { Site } from '../../autodiff/site.js';
import { toNumbers } from '../../graph/tensor.js';

/** |x|, no nearer to 0 than a floor where it is not 0. */
export const magnitudeOf = (x: number, floor: number): number => (x === 0 ? 0 : Math.max(Math.abs(x), floor));

/**
 * Where a row is applied. Values that depend on the image are not in the graph that is written: their shapes are known but for
 * the first axis, the batch.
 */
export class BoundSite extends Site {
  /** @param floor what magnitudes of constants that values are multiplied by are at least taken for; see `faint` */
  constructor(
    readonly floor: number,
    ...site: ConstructorParameters<typeof Site>
  ) {
    super(...site);
  }

  /** Whether input `i` depends on the image. */
  varies(i: number): boolean {
    return this.wanted(i);
  }
  /** Inputs that depend on the image. */
  get varying(): number[] {
    return this.x.flatMap((_, i) => (this.varies(i) ? [i] : []));
  }
  /** Numbers of one image in a value. */
  size(value: string): number {
    return this.shape(value)
      .slice(1)
      .reduce((product, d) => product * d, 1);
  }

  /** The node on other inputs. */
  again(inputs: readonly string[], attributes = this.node.attributes): string[] {
    return this.b.node(
      this.node.op,
      inputs,
      attributes,
      this.node.outputs.map((output) => output && 'again'),
      this.node.domain,
    );
  }
  /** The node on some of its inputs as they are and others in the place of those that depend on the image. */
  replaced(values: readonly (string | undefined)[], attributes = this.node.attributes): string[] {
    return this.again(
      this.x.map((x, i) => values[i] ?? x),
      attributes,
    );
  }
  /** |x| of a constant, no nearer to 0 than the floor where it is not 0: made here where it is known. */
  absolute(name: string, floor = this.floor): string {
    const known = this.constant(name);
    if (known?.type !== 'float32') {
      const size = this.emit('Abs', name);
      return floor === 0 ? size : this.emit('Max', size, floor);
    }
    const data = (known.data as Float32Array).map((x) => magnitudeOf(x, floor));
    return this.b.constant({ ...known, data }, `${name}_absolute`);
  }
  /** |x| of a constant that values are divided by, no larger than 1 over the floor. */
  divisor(name: string): string {
    const size = this.absolute(name, 0);
    return this.floor === 0 ? size : this.emit('Min', size, 1 / this.floor);
  }
  /** A constant number; undefined where it is none. */
  scalar(i: number): number | undefined {
    const tensor = this.has(i) ? this.constant(this.x[i]!) : undefined;
    return tensor?.data.length === 1 ? toNumbers(tensor)[0] : undefined;
  }
  /** Zeros in the shape of a value of one image. */
  noImage(value: string): string {
    return this.b.op('ConstantOfShape', [this.b.ints([1, ...this.shape(value).slice(1)])]);
  }

  override reshapeLike(value: string, like: string): string {
    if (!this.isVarying(like)) return super.reshapeLike(value, like);
    return this.reshape(value, [-1, ...this.shape(like).slice(1)]);
  }
  override expandLike(value: string, like: string): string {
    if (!this.isVarying(like)) return super.expandLike(value, like);
    return this.b.op('Expand', [value, this.b.ints([1, ...this.shape(like).slice(1)])]);
  }
  override zerosLike(like: string): string {
    const g = this.grads.find((one) => one !== undefined);
    if (g === undefined || !this.isVarying(like)) return super.zerosLike(like);
    const dims = this.shape(like).slice(1);
    const rows = this.b.op('Shape', [g], {
      start: { kind: 'int', value: 0 },
      end: { kind: 'int', value: 1 },
    });
    const shape = this.b.op('Concat', [rows, this.b.ints(dims)], { axis: { kind: 'int', value: 0 } });
    return this.b.op('ConstantOfShape', [shape]);
  }

  private isVarying(value: string): boolean {
    return this.node.outputs.includes(value) || this.x.some((x, i) => x === value && this.varies(i));
  }
}
