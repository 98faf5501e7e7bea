import { Component, type ReactNode } from 'react'
import { shellWords } from '../words/shell.ts'
import { say } from '../words/words.ts'
import { Button, EmptyState } from './ui/index.ts'

/** Keeps a fault of one part from taking the rest of the page along. */
export class Fence extends Component<{ readonly children: ReactNode }, { fault?: Error }> {
  override state: { fault?: Error } = {}

  static getDerivedStateFromError(fault: Error): { fault: Error } {
    return { fault }
  }

  override render(): ReactNode {
    const { fault } = this.state
    if (!fault) return this.props.children
    const words = say(shellWords)
    return (
      <EmptyState title={words('failedPart', { message: fault.message })}>
        <Button onClick={() => this.setState({ fault: undefined } as unknown as { fault: Error })}>
          {words('again')}
        </Button>
      </EmptyState>
    )
  }
}
