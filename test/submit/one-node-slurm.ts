import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';

const PROGRAMS = ['munged', 'slurmctld', 'slurmd', 'sbatch', 'squeue'];

/** Programs of Slurm and munge that are not there. */
export function missingPrograms(): string[] {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin'];
  return PROGRAMS.filter((name) => !folders.some((folder) => existsSync(join(folder, name))));
}

/** A Slurm of one node, in a folder. */
export interface Slurm {
  /** Environment of its commands. */
  env: NodeJS.ProcessEnv;
  end(): void;
}

const ports = { ctld: 26_817, d: 26_818 };

/** Starts munge, the controller and one node, all as this user. */
export async function startSlurm(at: string): Promise<Slurm> {
  const [host] = hostname().split('.') as [string];
  const { username } = userInfo();
  for (const part of ['state', 'spool', 'munge']) mkdirSync(join(at, part), { mode: 0o700 });
  writeFileSync(join(at, 'munge', 'key'), randomBytes(128), { mode: 0o400 });
  chmodSync(at, 0o755);
  const socket = join(at, 'munge', 'socket');
  const conf = join(at, 'slurm.conf');
  writeFileSync(
    conf,
    `ClusterName=assay
SlurmctldHost=${host}(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket=${socket}
SlurmUser=${username}
SlurmdUser=${username}
StateSaveLocation=${join(at, 'state')}
SlurmdSpoolDir=${join(at, 'spool')}
SlurmctldPidFile=${join(at, 'ctld.pid')}
SlurmdPidFile=${join(at, 'd.pid')}
SlurmctldPort=${ports.ctld}
SlurmdPort=${ports.d}
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
SchedulerType=sched/backfill
SelectType=select/cons_tres
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
NodeName=${host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=4000 State=UNKNOWN
PartitionName=main Nodes=${host} Default=YES MaxTime=INFINITE State=UP
`,
  );
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin`, SLURM_CONF: conf };
  const started: ChildProcess[] = [];
  const start = (name: string, words: string[]) => {
    started.push(spawn(name, words, { env, stdio: 'ignore' }));
  };
  const munge = (name: string) => join(at, 'munge', name);
  start('munged', [
    '--foreground',
    '--force',
    `--key-file=${munge('key')}`,
    `--socket=${socket}`,
    `--pid-file=${munge('pid')}`,
    `--log-file=${munge('log')}`,
    `--seed-file=${munge('seed')}`,
  ]);
  await until(() => existsSync(socket));
  start('slurmctld', ['-D', '-f', conf, '-L', join(at, 'ctld.log')]);
  start('slurmd', ['-D', '-f', conf, '-L', join(at, 'd.log'), '-N', host]);
  const idle = () => {
    try {
      return /idle/.test(execFileSync('sinfo', ['--noheader'], { env, encoding: 'utf8', stdio: 'pipe' }));
    } catch {
      return false;
    }
  };
  await until(idle);
  const end = () => {
    for (const one of started.reverse()) one.kill();
  };
  return { env, end };
}

/** Errors when it takes more than two minutes. */
export async function until(done: () => boolean): Promise<void> {
  for (let tries = 0; !done(); tries++) {
    if (tries === 600) throw new Error('it did not happen in two minutes');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
