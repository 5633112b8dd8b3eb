/**
 * Ends this process now, whatever its threads do. SIGKILL, since nothing less ends a thread that is blocked
 * in a system call: `process.exit()` waits for it.
 */
export function endProcess(): void {
  process.kill(process.pid, 'SIGKILL');
  // Still here: this is process 1 of a container, which Linux spares every signal from inside of it. It does
  // not spare it the fault that an abort ends with.
  process.abort();
}
