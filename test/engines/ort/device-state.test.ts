import { describe, expect, it } from 'vitest';
import { detectDevice, explainDevice, probeDevice } from '../../../src/engines/ort/device-state.js';
import { accelerators } from '../../../src/engines/ort/devices.js';
import { openOrtEngine } from '../../../src/engines/ort/engine.js';

const names = Object.keys(accelerators);

describe('the devices of the ort engine', () => {
  it.each(names)(
    '%s is detected without a crash; its absence is explained, and refused alike',
    async (device) => {
      const state = await detectDevice(device);
      if (state.usable) {
        expect(state.error).toBeLessThan(1e-3);
        return;
      }
      expect(state.reason).toMatch(/^[^\n]{5,300}$/);
      expect(state.hint).toMatch(/\S/);
      await expect(openOrtEngine({ device })).rejects.toMatchObject({
        code: 'engine-failed',
        message: `the device "${device}" cannot be used: ${state.reason}`,
        details: { hint: state.hint },
      });
    },
  );

  it('are given up on when they take too long', async () => {
    expect(await probeDevice('webgpu', 1)).toMatchObject({
      usable: false,
      reason: expect.stringContaining('in time'),
    });
  });

  it('run one session, whatever is asked for', async () => {
    await expect(openOrtEngine({ device: 'webgpu', sessions: 2 })).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('one session'),
    });
  });

  /** What onnxruntime 1.30 and 1.31 print on machines that lack something. */
  const said: [string, string, RegExp, RegExp][] = [
    [
      'webgpu',
      '/onnxruntime_src/…/webgpu_context.cc:136 … was false. Failed to get a WebGPU adapter: No supported adapters',
      /no GPU/,
      /libvulkan1|Direct3D|Metal/,
    ],
    [
      'cuda',
      'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library\n… Failed to load library /n/libonnxruntime_providers_cuda.so with error: libcublasLt.so.12: cannot open shared object file: No such file or directory',
      /does not find libcublasLt\.so\.12$/,
      /cuDNN 9/,
    ],
    [
      'cuda',
      'CUDA failure 100: no CUDA-capable device is detected ; GPU=0 ; hostname=h',
      /finds no GPU/,
      /nvidia-smi/,
    ],
    ['cuda', 'onnxruntime crashed (SIGSEGV)\n', /^onnxruntime crashed \(SIGSEGV\)$/, /--device/],
    ['webgpu', 'something else\nwith more lines', /^something else$/, /--device/],
  ];
  it.each(said)('%s: %j is explained', (device, message, reason, hint) => {
    expect(explainDevice(device, message)).toEqual({
      usable: false,
      reason: expect.stringMatching(reason),
      hint: expect.stringMatching(hint),
    });
  });
});
