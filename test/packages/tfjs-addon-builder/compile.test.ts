import { join } from 'node:path';
import { compileAddon, findCompiler } from 'tfjs-addon-builder/compile.js';
import { locateLibtensorflow } from 'tfjs-addon-builder/libtensorflow.js';
import { addonSources, nodeApiHeaders } from 'tfjs-addon-builder/sources.js';
import { describe, expect, it } from 'vitest';
import { findNativePackage } from '../../../src/engines/tfjs-native/package.js';
import { folderWith } from '../../engines/tfjs-native/folders.js';

const compiler = await findCompiler({}).catch(() => undefined);
if (!compiler) console.warn('\n!!! there is no C++ compiler here: compiling is NOT tested !!!\n');
const native = findNativePackage('@tensorflow/tfjs-node-gpu');
if (!native) console.warn('\n!!! @tensorflow/tfjs-node-gpu is not installed: compiling is NOT tested !!!\n');

describe('the compiler', () => {
  it.each(['no-such-compiler', 'false'])('is refused when CXX is %s', async (CXX) => {
    await expect(findCompiler({ CXX })).rejects.toMatchObject({
      fault: 'cannot-build',
      details: { found: `CXX=${CXX}`, hint: expect.stringContaining('CXX') },
    });
  });

  it.skipIf(!compiler)('may be named with arguments', async () => {
    const command = compiler?.command ?? '';
    expect(await findCompiler({ CXX: `env ${command}` })).toMatchObject({
      command: 'env',
      prefix: [command],
      title: compiler?.title,
    });
  });

  it.skipIf(!compiler || !native)(
    'is quoted, with its command, when sources and headers do not fit',
    async () => {
      if (!compiler || !native) return;
      const folder = folderWith(
        [
          'libtensorflow_cc.so.2',
          'libtensorflow_cc.2.dylib',
          'include/tensorflow/c/eager/c_api.h',
          'include/tensorflow/c/c_api.h',
        ],
        '#error "these are not the headers"\n',
      );
      const job = {
        sources: addonSources(native),
        nodeApiHeaders: nodeApiHeaders(),
        napi: native.napi,
        tensorflow: locateLibtensorflow(folder),
        output: join(folder, 'tfjs_binding.node'),
      };
      await expect(compileAddon(compiler, job)).rejects.toMatchObject({
        fault: 'cannot-build',
        message: expect.stringContaining('does not compile'),
        details: {
          found: expect.stringMatching(/these are not the headers/),
          also: expect.arrayContaining([
            // The folder's name has a space and a comma.
            expect.stringMatching(/^the command was .* -rpath -Xlinker '[^']*assay-tensorflow, -[^']*' -o /),
          ]),
          hint: expect.stringContaining('pip install tensorflow=='),
        },
      });
    },
  );
});
