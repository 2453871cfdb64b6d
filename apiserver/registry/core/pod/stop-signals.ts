/** Signals that can stop a container, sorted as texts list them. */

const named =
  'SIGABRT SIGALRM SIGBUS SIGCHLD SIGCLD SIGCONT SIGFPE SIGHUP SIGILL SIGINT SIGIO SIGIOT SIGKILL ' +
  'SIGPIPE SIGPOLL SIGPROF SIGPWR SIGQUIT SIGSEGV SIGSTKFLT SIGSTOP SIGSYS SIGTERM SIGTRAP SIGTSTP ' +
  'SIGTTIN SIGTTOU SIGURG SIGUSR1 SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ SIGRTMIN SIGRTMAX';

const upTo = (n: number, name: (i: number) => string): string[] =>
  Array.from({ length: n }, (_, i) => name(i + 1));

/** On Linux. */
export const stopSignals: readonly string[] = [
  ...named.split(' '),
  ...upTo(15, (i) => `SIGRTMIN+${i}`),
  ...upTo(14, (i) => `SIGRTMAX-${i}`),
].sort();

/** On Windows. */
export const windowsStopSignals: readonly string[] = ['SIGKILL', 'SIGTERM'];
