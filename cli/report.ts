/** How a process of the command line ends when something went wrong. */

/** Runs; a failure becomes one line for people, and the whole story for those who ask for it. */
export async function reportingFailure(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (e) {
    console.error(`k8ts: ${e instanceof Error ? e.message : String(e)}`);
    if (process.env['K8TS_DEBUG'] !== undefined) console.error(e);
    process.exitCode = 1;
  }
}
