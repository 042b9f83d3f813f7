import {marked} from 'marked'

/** What a page holds once GitHub has rendered it: the text outside and inside code, links, and every tag. */
export interface Page {
  html: string
  /** Text outside code, entities decoded: where GitHub looks for mentions, references and addresses. */
  prose: string
  /** All text as a reader sees it, without zero-width spaces. */
  shown: string
  links: string[]
  tags: string[]
}

/** Renders as GitHub does (GFM), as far as a public parser can. */
export function asGitHub(markdown: string): Page {
  const html = marked.parse(markdown, {gfm: true, async: false}).replace(/<!--[\s\S]*?-->/g, '')
  const outsideCode = html.replace(/<code[^>]*>[\s\S]*?<\/code>/g, ' \u2588 ')
  return {
    html,
    prose: decoded(outsideCode.replace(/<[^>]*>/g, '')),
    shown: decoded(html.replace(/<[^>]*>/g, ''))
      .replaceAll('\u200b', '')
      .replace(/\s+/g, ' ')
      .trim(),
    links: [...html.matchAll(/<a [^>]*href="([^"]*)"/g)].map((match) => match[1] ?? ''),
    tags: [...html.matchAll(/<\/?([a-zA-Z!][\w-]*)/g)].map((match) => match[1]?.toLowerCase() ?? ''),
  }
}

/** What GitHub would turn into a link, a mention or a message by itself, found in prose. */
export function magic(prose: string): string[] {
  const patterns = [
    /(?:^|[^\w`])@[a-z0-9][\w-]*/i,
    /(?:^|\W)#\d/,
    /GH-\d/i,
    /\b[0-9a-f]{7,40}\b/,
    /(?:https?|ftp):\/\/\S/i,
    /www\.\S/i,
    /[\w.+-]+@[\w-]+\.\w/,
    /mailto:\S/i,
  ]
  return patterns.flatMap((pattern) => pattern.exec(prose)?.[0] ?? [])
}

/** Lines that a runner would take for a command: both parsers of actions/runner, ActionCommand.cs. */
export function commands(text: string): string[] {
  return text.split(/\r\n|\r|\n/).filter((line) => line.trimStart().startsWith('::') || line.includes('##['))
}

function decoded(html: string): string {
  const named: Record<string, string> = {amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'"}
  return html.replace(/&(#x?[0-9a-f]+|\w+);/gi, (whole, name: string) => {
    if (named[name] !== undefined) return named[name]
    return name.startsWith('#') ? String.fromCodePoint(Number(name.slice(1).replace(/^x/, '0x'))) : whole
  })
}
