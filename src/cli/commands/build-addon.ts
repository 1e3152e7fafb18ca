import { Command } from 'commander';
import { buildAddon } from '../../engines/tfjs-native/build.js';
import { print } from '../terminal/terminal.js';

/** `assay build-addon [FOLDER]` */
export function buildAddonCommand(): Command {
  return new Command('build-addon')
    .description(
      'Builds the native addon of TensorFlow.js, for the engine tfjs, with a TensorFlow that is already on this machine: the package itself would download one of 2022, made for CUDA 11.2. Nothing is downloaded. It needs a C++ compiler; Linux or macOS.',
    )
    .argument(
      '[folder]',
      'where TensorFlow is: a Python environment, its tensorflow folder, or an unpacked libtensorflow for C (default: the active environment, .venv, /usr/local, ...)',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ python3 -m venv venv && venv/bin/pip install tensorflow-cpu     a TensorFlow for this processor
  $ python3 -m venv venv && venv/bin/pip install 'tensorflow[and-cuda]'     or for NVIDIA GPUs
  $ assay build-addon venv
  $ assay doctor

The environment has to stay where it is: the addon loads TensorFlow from there. CXX names another compiler.`,
    )
    .action(async (folder: string | undefined) => {
      const tell = (what: string, found: string) => {
        print(`${what.padEnd(12)}${found}\n`);
      };
      const { version, tensorflow, gpu, error } = await buildAddon(folder, tell);
      tell(
        'works',
        `addon ${version} with TensorFlow ${tensorflow} on the ${gpu ? 'GPU' : 'CPU'}; agrees with plain JavaScript to ${error.toExponential(1)}`,
      );
    });
}
