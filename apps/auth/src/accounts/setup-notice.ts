/** Written to the console only, never through the logger: the link is a secret until it is used. */
export const setupNotice = (setupUrl: string): string => `
There is no administrator yet. Whoever opens this link first creates one; it is valid for a day:

  ${setupUrl}

`;
