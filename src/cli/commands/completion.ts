import { Argument, Command } from 'commander';
import { type CompletedCommand, shells } from '../terminal/completion-scripts.js';
import { print } from '../terminal/terminal.js';

/** How each shell takes the script. */
const INSTALL: Readonly<Record<string, string>> = {
  bash: 'echo \'eval "$(assay completion bash)"\' >> ~/.bashrc',
  zsh: 'echo \'eval "$(assay completion zsh)"\' >> ~/.zshrc      (behind compinit)',
  fish: 'assay completion fish > ~/.config/fish/completions/assay.fish',
};

/** `assay completion SHELL`. @param commands all commands, whole */
export function completionCommand(commands: () => Promise<readonly Command[]>): Command {
  return new Command('completion')
    .description('Prints a script that lets a shell complete commands and options of assay with the tab key.')
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(shells)))
    .addHelpText(
      'after',
      `\nExamples, each for good from the next shell on:\n${Object.keys(shells)
        .map((shell) => `  $ ${INSTALL[shell]}`)
        .join('\n')}`,
    )
    .action(async (shell: string) => {
      print(shells[shell]!((await commands()).map(completed)));
    });
}

/** What can be completed of a command. */
const completed = (command: Command): CompletedCommand => ({
  name: command.name(),
  summary: command.summary(),
  arguments: command.registeredArguments.map(({ argChoices }) => argChoices ?? []),
  options: [...command.options, command.createOption('-h, --help', 'print the help of the command')].map(
    ({ short, long = '', description, argChoices, required, optional }) => ({
      ...(short && { short }),
      long,
      summary: description,
      takesValue: required || optional,
      choices: argChoices ?? [],
    }),
  ),
});
