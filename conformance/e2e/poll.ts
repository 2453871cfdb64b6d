/** Asks for a page again and again until it is ended: a line `ok` or `failed: why` for each. */
const [url = ''] = process.argv.slice(2);
for (;;) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3000) });
    await response.text();
    console.log(response.ok ? 'ok' : `failed: ${response.status}`);
  } catch (error) {
    const { cause, message } = error as Error;
    console.log(`failed: ${cause instanceof Error ? cause.message : message}`);
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
}
