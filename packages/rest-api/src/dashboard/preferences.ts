/** What a client would rather have, by its `Accept…` headers. Pure. */

/**
 * Only who names it: what takes anything gets what Kafka Connect answers. So does who names HTML and takes anything, as
 * Java's HttpURLConnection does by itself; browsers name XHTML, too.
 */
export function prefersHtml(accept: string | undefined): boolean {
  const weights = weightsIn(accept);
  const html = weights.get('text/html') ?? 0;
  const isProgram = weights.has('*/*') && !weights.has('application/xhtml+xml');
  return html > 0 && html >= (weights.get('application/json') ?? 0) && !isProgram;
}

export function acceptsEncoding(accept: string | undefined, encoding: string): boolean {
  return (weightsIn(accept).get(encoding) ?? 0) > 0;
}

function weightsIn(accept: string | undefined): ReadonlyMap<string, number> {
  return new Map(
    (accept ?? '').split(',').map((part) => {
      const [name = '', ...parameters] = part.split(';').map((each) => each.trim().toLowerCase());
      const weight = parameters.find((each) => each.startsWith('q='))?.slice(2);
      return [name, weight === undefined ? 1 : Number(weight) || 0];
    }),
  );
}
