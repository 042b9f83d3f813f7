/** Makes a job summary readable in a terminal: headings bold, details opened, tables as they are, HTML gone. */
export function inTerminal(markdown: string): string {
  return markdown
    .replace(/<summary>(.*?)<\/summary>/gs, (_, text: string) => `▸ ${text}`)
    .replace(/<br\s*\/?>/g, ' ')
    .replace(/<\/?[a-z][^>]*>/gi, '')
    .replace(/^(#+) (.*)$/gm, (_, _marks, text: string) => `\u001b[1m${text}\u001b[0m`)
    .replace(/\*\*(.+?)\*\*/g, (_, text: string) => `\u001b[1m${text}\u001b[0m`)
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&')
    .replace(/\\([\\`*_[\]{}()#+\-.!|~<>])/g, '$1')
    .replace(/\n{3,}/g, '\n\n')
    .split('\n')
    .map((line) => `  │ ${line}`)
    .join('\n')
}
