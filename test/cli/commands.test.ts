import { describe, expect, it } from 'vitest';
import { commandNames, commandsFor } from '../../src/cli/commands.js';

describe('commands that are listed without being loaded', () => {
  it.each(commandNames)('%s takes what the list says', async (name) => {
    const of = async (words: string[]) =>
      (await commandsFor(words)).filter((command) => command.name() === name)[0]!;
    const [listed, whole] = [await of([]), await of([name])];
    const taken = ({ registeredArguments }: typeof whole) =>
      registeredArguments.map((argument) => [argument.name(), argument.required, argument.variadic]);
    expect(taken(listed)).toEqual(taken(whole));
    expect(listed.summary()).toBe(whole.summary());
  });

  it.each(commandNames)('%s: --out has the short form -o, and nothing else has', async (name) => {
    const found = (await commandsFor([name])).filter((command) => command.name() === name);
    const within = (commands: readonly (typeof found)[number][]): typeof found =>
      commands.flatMap((command) => [command, ...within(command.commands)]);
    for (const { options } of within(found))
      for (const { long, short } of options) expect(short === '-o', `${long}`).toBe(long === '--out');
  });
});
