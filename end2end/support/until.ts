/** Asks again until there is an answer; the one way in which these tests wait for something outside the browser. */
export async function until<T>(ms: number, what: string, ask: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`waited ${ms} ms for ${what}`);
    await new Promise((again) => setTimeout(again, 25));
  }
}
