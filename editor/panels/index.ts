import {
  Boxes,
  FileText,
  GraduationCap,
  Grid3x3,
  Images,
  LayoutTemplate,
  ListTree,
  ListVideo,
  type LucideIcon,
  Settings,
  Stethoscope,
  TriangleAlert,
} from 'lucide-react'
import type { ComponentType } from 'react'
import type { ActionWord } from '../words/actions.ts'

/** A side panel: loaded when it is first opened. */
export interface Panel {
  readonly name: string
  readonly icon: LucideIcon
  readonly title: ActionWord
  readonly load: () => Promise<{ readonly Panel: ComponentType }>
}

/** All side panels in the order of the rail. */
export const panels: readonly Panel[] = [
  {
    name: 'outline',
    icon: ListTree,
    title: 'panelOutline',
    load: () => import('./outline/index.tsx'),
  },
  {
    name: 'problems',
    icon: TriangleAlert,
    title: 'panelProblems',
    load: () => import('./problems/index.tsx'),
  },
  { name: 'queue', icon: ListVideo, title: 'panelQueue', load: () => import('./queue/index.tsx') },
  {
    name: 'gallery',
    icon: Images,
    title: 'panelGallery',
    load: () => import('./gallery/index.tsx'),
  },
  {
    name: 'library',
    icon: Boxes,
    title: 'panelLibrary',
    load: () => import('./library/index.tsx'),
  },
  { name: 'grid', icon: Grid3x3, title: 'panelGrid', load: () => import('./grid/index.tsx') },
  {
    name: 'training',
    icon: GraduationCap,
    title: 'panelTraining',
    load: () => import('./training/index.tsx'),
  },
  { name: 'form', icon: FileText, title: 'panelForm', load: () => import('./form/index.tsx') },
  {
    name: 'templates',
    icon: LayoutTemplate,
    title: 'panelTemplates',
    load: () => import('./templates/index.tsx'),
  },
  {
    name: 'settings',
    icon: Settings,
    title: 'panelSettings',
    load: () => import('./settings/index.tsx'),
  },
  {
    name: 'doctor',
    icon: Stethoscope,
    title: 'panelDoctor',
    load: () => import('./doctor/index.tsx'),
  },
]
