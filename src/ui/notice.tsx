import type { JSX } from 'preact'
import type { Notice } from './page.ts'

const SIGNS: Record<Notice['kind'], string> = {
  success: 'M5 12.5l4.5 4.5L19 7.5',
  info: 'M12 10.5V18M12 6v1.5',
  problem: 'M12 5.5V14M12 16.5V18',
}

export function NoticeBar({ notice }: { notice: Notice }): JSX.Element {
  return (
    <div class={`notice notice-${notice.kind}`} role="status">
      <svg class="notice-sign" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
        <circle cx="12" cy="12" r="11" />
        <path d={SIGNS[notice.kind]} />
      </svg>
      <p class="notice-words" dir="auto">
        {notice.words}
      </p>
    </div>
  )
}
