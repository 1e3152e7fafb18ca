import { Command, CommanderError } from 'commander';
import { AssayError } from '../errors.js';
import { assayVersion } from '../runs/folder/environment.js';
import { commandsFor } from './commands.js';
import { explainFailure } from './terminal/failure.js';
import { failureAnnotation } from './terminal/github.js';
import { complain, instruct } from './terminal/terminal.js';

/**
 * Does what a command line asks for, and leaves the exit code in `process.exitCode`.
 * @param words what was typed behind `assay`
 * @param tell where it is told what is wrong; default: standard error
 */
export async function obey(words: readonly string[], tell: (text: string) => void = complain): Promise<void> {
  try {
    const program = described().configureOutput({ writeErr: tell });
    for (const command of await commandsFor(words))
      program.addCommand(
        command.option('--debug', 'print the stack of errors').copyInheritedSettings(program),
      );
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    // Help and version end here too, with code 0; a usage error has been printed by commander.
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
    else {
      tell(explainFailure(error, words.includes('--debug')));
      instruct(failureAnnotation(error));
      process.exitCode = error instanceof AssayError && error.code === 'interrupted' ? 130 : 2;
    }
  }
}

/** The program without its commands. */
function described(): Command {
  return new Command('assay')
    .description(
      'Measures what accuracy hides: robustness, calibration, out-of-distribution detection and the energy of image classifiers and energy-based models, from their checkpoints.',
    )
    .version(assayVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this, or the help of a command')
    .helpCommand('help [command]', 'print the help of a command')
    .showSuggestionAfterError(true)
    .showHelpAfterError('(add --help for what there is)')
    .addHelpText(
      'after',
      `
Start here:
  $ assay init --checkpoint model.onnx   write a model card and a run file to fill in
  $ assay run my.run.yaml                measure, and write a report
  $ assay inspect model.onnx             what a checkpoint holds
  $ assay score --logits logits.npy --labels labels.npy    without a model: measure saved predictions

Exit code 0 means success, 1 a failed gate (of audit: a claim that is not reproduced; of compare --fail-on worse: a measure that is), 2 an error, 130 an interruption.
Environment: NO_COLOR turns colours off, CI turns the live line into plain lines, ASSAY_CACHE names run folders whose units \`assay run\` uses.`,
    )
    .exitOverride();
}
