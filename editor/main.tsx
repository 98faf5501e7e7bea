import { createRoot } from 'react-dom/client'
import { App } from './shell/app.tsx'
import { begin } from './shell/begin.ts'
import { registerWidgetBodies } from './widgets/bodies.tsx'
import './style/tokens.css'
import './style/base.css'

registerWidgetBodies()
begin()
createRoot(document.getElementById('root') as HTMLElement).render(<App />)
