import { describe, expect, it } from 'vitest';
import { detectTfjsAddon, explainAddon, probeNativePackage } from '../../src/engines/tfjs-addon.js';
import { nativePackages } from '../../src/engines/tfjs-native/package.js';

describe('the TensorFlow addon', () => {
  it.each(nativePackages)(
    'of %s is detected without a crash; its absence is explained in one line',
    async (name) => {
      const state = await detectTfjsAddon(name);
      if (state.loads)
        expect(state).toMatchObject({ package: name, version: expect.stringMatching(/^\d+\.\d+/) });
      else {
        expect(state.reason).toMatch(/^[^\n]{5,300}$/);
        expect(state.hint).toMatch(/assay build-addon|--engine ort|engine ort/);
      }
    },
  );

  it('is given up on when it takes too long', async () => {
    expect(await probeNativePackage({ name: nativePackages[0] }, 1)).toMatchObject({
      loads: false,
      reason: expect.stringContaining('in time'),
    });
  });

  it('of a package that is not there, or that has no backend, is no addon', async () => {
    expect(await detectTfjsAddon('@tensorflow/tfjs-nowhere')).toMatchObject({
      loads: false,
      reason: expect.stringContaining('is not installed'),
      hint: expect.stringContaining('npm install --ignore-scripts @tensorflow/tfjs-nowhere'),
    });
    expect(await probeNativePackage({ name: '@tensorflow/tfjs-nowhere' })).toMatchObject({
      loads: false,
      reason: expect.stringContaining('incomplete'),
    });
    expect(await probeNativePackage({ name: '@tensorflow/tfjs-core' })).toMatchObject({ loads: false });
  });

  /** What Node 20, glibc's loader, macOS's and tfjs-node 4.22 print. */
  const said: [string, RegExp, RegExp][] = [
    [
      'The Node.js native addon module (tfjs_binding.node) can not be found at path: /n/lib/napi-v8/tfjs_binding.node. \nPlease run command …',
      /addon is not there/,
      /assay build-addon FOLDER/,
    ],
    [
      'libtensorflow_cc.so.2: cannot open shared object file: No such file or directory',
      /does not find libtensorflow_cc\.so\.2/,
      /moved or removed\? `assay build-addon/,
    ],
    [
      'dlopen(/n/tfjs_binding.node, 0x0001): Library not loaded: @rpath/libtensorflow_cc.2.dylib\n  Referenced from: <…>',
      /does not find libtensorflow_cc\.2\.dylib/,
      /moved or removed/,
    ],
    [
      "/lib/x86_64-linux-gnu/libm.so.6: version `GLIBC_2.35' not found (required by /v/libtensorflow_cc.so.2)",
      /needs GLIBC_2\.35/,
      /older TensorFlow/,
    ],
    [
      '/n/lib/napi-v8/tfjs_binding.node: undefined symbol: TFE_NewContextOptions',
      /no TFE_NewContextOptions/,
      /updated\? `assay build-addon/,
    ],
    ['/n/lib/napi-v8/tfjs_binding.node: invalid ELF header', /another kind of machine/, /build-addon/],
    [
      "Cannot find module '@mapbox/node-pre-gyp'\nRequire stack:\n- /n/dist/index.js",
      /@mapbox\/node-pre-gyp is missing/,
      /npm install/,
    ],
    [
      'its native addon crashed: exit code 127, node: symbol lookup error: /n/tfjs_binding.node: undefined symbol: TF_Version',
      /no TF_Version$/,
      /updated/,
    ],
    ['its native addon crashed: SIGILL', /AVX/, /engine ort/],
    ['its native addon crashed: SIGSEGV', /^its native addon crashed: SIGSEGV$/, /build-addon/],
    ['something else\nwith more lines', /^something else$/, /build-addon/],
  ];
  it.each(said)('%j is explained', (message, reason, hint) => {
    expect(explainAddon(message)).toEqual({
      loads: false,
      reason: expect.stringMatching(reason),
      hint: expect.stringMatching(hint),
    });
  });
});
