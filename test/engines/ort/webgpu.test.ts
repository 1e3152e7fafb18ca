import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../../src/engines/engine.js';
import { openOrtEngine } from '../../../src/engines/ort/engine.js';
import { GraphBuilder, ints } from '../../../src/graph/build.js';
import { floats } from '../../../src/graph/tensor.js';
import { normals } from '../../autodiff/finite-differences.js';
import { relativeError } from '../../models/npz.js';
import { webgpuState } from './webgpu.js';

const state = await webgpuState();

describe.skipIf(!state.usable)('the ort engine on WebGPU', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openOrtEngine({ device: 'webgpu' });
  });
  afterAll(() => engine?.close());

  it('says what it computes with', () => {
    expect(engine).toMatchObject({ name: 'ort', concurrency: 1 });
    expect(engine.description).toMatch(/^onnxruntime-node \d+\.\d+\.\d+, WebGPU \w+$/);
  });

  it('refuses numbers that the processor does not confirm', async () => {
    // What WebGPU gets wrong cannot be told from the graph here: the kernel is fed.
    const b = new GraphBuilder();
    const [x, w] = [b.input('x', 'float32', [2, 6, 8, 8]), b.input('w', 'float32', [8, 6, 3, 3])];
    b.outputAs(b.op('Conv', [x, w]), 'y');
    const feeds = {
      x: { type: 'float32' as const, dims: [2, 6, 8, 8], data: normals('pixels', 768) },
      w: { type: 'float32' as const, dims: [8, 6, 3, 3], data: normals('kernel', 432) },
    };
    const processor = await openOrtEngine({ sessions: 1 });
    const wanted = (await (await processor.compile(b.build())).run(feeds)).y!;
    await processor.close();
    const program = await engine.compile(b.build());
    const got = await program.run(feeds).then(
      ({ y }) => y,
      (error) => error,
    );
    // A later onnxruntime may be right.
    if (got.code) expect(got).toMatchObject({ code: 'engine-failed', details: { path: 'output "y"' } });
    else expect(relativeError(got.data, wanted.data as Float32Array)).toBeLessThan(1e-2);
  });

  it('lets the processor do what WebGPU gets wrong: a kernel over six channels, indices of maxima', async () => {
    const b = new GraphBuilder();
    const kernel = b.constant(floats([8, 6, 3, 3], normals('kernel', 432)), 'kernel');
    const features = b.op('Conv', [b.input('x', 'float32', [2, 6, 8, 8]), kernel]);
    const [y, places] = b.node('MaxPool', [features], { kernel_shape: ints([2, 2]), strides: ints([2, 2]) }, [
      'top',
      'places',
    ]) as [string, string];
    b.outputAs(y, 'y');
    b.outputAs(places, 'indices', 'int64');
    const feeds = { x: { type: 'float32' as const, dims: [2, 6, 8, 8], data: normals('pixels', 768) } };
    const processor = await openOrtEngine({ sessions: 1 });
    const run = async (on: Engine) => (await on.compile(b.build())).run(feeds);
    const [got, wanted] = [await run(engine), await run(processor)];
    await processor.close();
    expect(relativeError(got.y!.data as Float32Array, wanted.y!.data as Float32Array)).toBeLessThan(1e-6);
    expect(got.indices!.data).toEqual(wanted.indices!.data);
  });
});
