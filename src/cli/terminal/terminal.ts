import { withoutCommands } from '../../gate/github.js';
import { visible } from '../../one-line.js';
import { painted } from './colour.js';

/*
 * The one place where text goes to a terminal. What names from elsewhere could do there is shown instead.
 */

/** To standard output. */
export const print = (text: string) => put(text, process.stdout);

/** To standard error. */
export const complain = (text: string) => put(text, process.stderr);

const put = (text: string, stream: NodeJS.WriteStream) => {
  const shown = visible(text);
  stream.write(painted(process.env.GITHUB_ACTIONS === 'true' ? withoutCommands(shown) : shown, stream));
};

/** Workflow commands to the runner of GitHub Actions, which reads standard error too: standard output may be a file. */
export const instruct = (commands: string) => process.stderr.write(visible(commands));
