import { expect, it } from 'vitest';
import { call, doWhile, f64x2, i32, i64x2, v128, when } from '../../src/wasm/code.js';
import { compiled } from '../../src/wasm/compiled.js';
import { Locals, moduleBytes } from '../../src/wasm/module.js';

const tell = { parameters: ['i32'], results: [] } as const;

/** What a function tells that is called with a number. */
function told(code: (locals: Locals) => number[], argument = 0): number[] {
  const locals = new Locals(['i32']);
  const bytes = moduleBytes({
    imports: { tell },
    functions: { main: { locals, code: code(locals) } },
    pages: 1,
  });
  const heard: number[] = [];
  const made = compiled<{ main(argument: number): void }>(bytes, {
    tell: (value) => heard.push(value!),
  });
  made?.main(argument);
  return heard;
}

it('integers of every length are written so that they are read as they are', () => {
  const powers = Array.from({ length: 31 }, (_, i) => 2 ** i).flatMap((p) => [p - 1, p, -p, -p - 1]);
  const values = [...powers, 0x7fffffff, -0x80000000];
  expect(told(() => values.flatMap((value) => [...call(0, i32.const(value))]))).toEqual(values);
});

it('a loop runs until its condition is 0, a branch where it is not, and local variables keep what they are given', () => {
  const counts = told((locals) => {
    const { i } = locals.more('i32', 'i');
    return [
      ...doWhile(
        i32.lt_u(i.value, locals.parameter(0).value),
        call(0, i.value),
        when(i32.lt_u(i.value, i32.const(2)), call(0, i32.const(100))),
        i.set(i32.add(i.value, i32.const(1))),
      ),
    ];
  }, 4);
  expect(counts).toEqual([0, 100, 1, 100, 2, 3]);
});

it('offsets of memory and lanes are those that are asked for', () => {
  const bytes = moduleBytes({
    imports: {},
    functions: {
      main: {
        locals: new Locals([]),
        code: [
          ...v128.store(16, i32.const(300), f64x2.const(1.5)),
          ...v128.store(1000, i32.const(0), i64x2.const(7n)),
          ...v128.store(
            0,
            i32.const(2000),
            f64x2.replace_lane(1, v128.load(16, i32.const(300)), f64x2.extract_lane(0, f64x2.const(-3))),
          ),
        ],
      },
    },
    pages: 1,
  });
  const made = compiled<{ main(): void; memory: { buffer: ArrayBuffer } }>(bytes, {});
  made?.main();
  const view = new DataView(made?.memory.buffer ?? new ArrayBuffer(0));
  expect([316, 324, 2000, 2008].map((at) => view.getFloat64(at, true))).toEqual([1.5, 1.5, 1.5, -3]);
  expect([1000, 1008].map((at) => view.getBigInt64(at, true))).toEqual([7n, 7n]);
});

it('code that is not valid is not run', () => {
  expect(told(() => [...i32.add(i32.const(1))])).toEqual([]);
});
