import { join, resolve } from 'node:path';
import { locateLibtensorflow, searchLibtensorflow } from 'tfjs-addon-builder/libtensorflow.js';
import { describe, expect, it } from 'vitest';
import { folderWith } from '../../engines/tfjs-native/folders.js';

const header = 'include/tensorflow/c/eager/c_api.h';
const wheel = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2', header];
const tarball = ['lib/libtensorflow.so.2', 'lib/libtensorflow_framework.so.2', header];
const below = (folder: string, files: readonly string[]) => files.map((file) => join(folder, file));

describe('the TensorFlow in a folder', () => {
  /** Platform, files, and where below the folder the libraries and headers are found. */
  const layouts: [string, NodeJS.Platform, string[], string, string[]][] = [
    ['a tensorflow folder', 'linux', wheel, '', wheel.slice(0, 2)],
    ['site-packages', 'linux', below('tensorflow', wheel), 'tensorflow', wheel.slice(0, 2)],
    [
      'a virtual environment',
      'linux',
      below('lib/python3.11/site-packages/tensorflow', wheel),
      'lib/python3.11/site-packages/tensorflow',
      wheel.slice(0, 2),
    ],
    [
      "Debian's prefix",
      'linux',
      below('lib/python3/dist-packages/tensorflow', wheel),
      'lib/python3/dist-packages/tensorflow',
      wheel.slice(0, 2),
    ],
    ['a C tarball', 'linux', tarball, '', tarball.slice(0, 2)],
    ['a C tarball without a framework', 'linux', [tarball[0]!, header], '', [tarball[0]!]],
    [
      'a wheel of macOS',
      'darwin',
      below('tensorflow', ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib', header]),
      'tensorflow',
      ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib'],
    ],
  ];
  it.each(layouts)('is found in %s', (_, platform, files, root, libraries) => {
    const folder = folderWith(files);
    const found = locateLibtensorflow(folder, platform);
    expect(found).toEqual({
      libraryFolder: join(folder, root, libraries[0]!.startsWith('lib/') ? 'lib' : ''),
      libraries: libraries.map((file) => join(folder, root, file)),
      includeFolder: join(folder, root, 'include'),
    });
  });

  it('is the one of the newest Python, when there are several', () => {
    const folder = folderWith(
      ['3.10', '3.11'].flatMap((version) => below(`lib/python${version}/site-packages/tensorflow`, wheel)),
    );
    expect(locateLibtensorflow(folder, 'linux').libraryFolder).toContain('python3.11');
  });

  const lacking: [string, string[], RegExp][] = [
    ['nothing', ['a.txt'], /^neither$/],
    ['a library without headers', ['libtensorflow_cc.so.2'], /libtensorflow_cc\.so\.2, but not .*c_api\.h$/],
    ['headers without a library', [header], /c_api\.h, but not libtensorflow_cc\.so\.2$/],
    [
      'the library of another platform',
      ['libtensorflow_cc.2.dylib', header],
      /but not libtensorflow_cc\.so\.2$/,
    ],
  ];
  it.each(lacking)('is refused when there is %s', (_, files, found) => {
    const folder = folderWith(files);
    expect(() => locateLibtensorflow(folder, 'linux')).toThrow(
      expect.objectContaining({
        fault: 'no-tensorflow',
        details: expect.objectContaining({
          file: folder,
          found: expect.stringMatching(found),
          hint: expect.stringContaining('pip install tensorflow'),
        }),
      }),
    );
  });

  it('is refused when there is no folder, and on Windows', () => {
    expect(() => locateLibtensorflow('no/such/folder', 'linux')).toThrow(
      expect.objectContaining({
        fault: 'no-tensorflow',
        details: expect.objectContaining({ file: resolve('no/such/folder') }),
      }),
    );
    expect(() => locateLibtensorflow('.', 'win32')).toThrow(
      expect.objectContaining({
        fault: 'cannot-build',
        details: expect.objectContaining({ hint: expect.stringContaining('WSL') }),
      }),
    );
  });
});

describe.skipIf(process.platform !== 'linux')('the search for a TensorFlow', () => {
  const environment = () => folderWith(below('lib/python3.12/site-packages/tensorflow', wheel));

  it('prefers the active environment to that of conda', () => {
    const [active, conda] = [environment(), environment()];
    const found = searchLibtensorflow({ VIRTUAL_ENV: active, CONDA_PREFIX: conda });
    expect(found.libraryFolder.startsWith(active)).toBe(true);
    expect(searchLibtensorflow({ CONDA_PREFIX: conda }).libraryFolder.startsWith(conda)).toBe(true);
  });

  it('goes on when the active environment has none', () => {
    const conda = environment();
    const found = searchLibtensorflow({ VIRTUAL_ENV: folderWith(['pyvenv.cfg']), CONDA_PREFIX: conda });
    expect(found.libraryFolder.startsWith(conda)).toBe(true);
  });
});
