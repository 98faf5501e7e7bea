/** Folders of training pictures below the input folder, and their captions. */
export {
  type DatasetFolder,
  type Datasets,
  listDatasets,
  openDatasets,
  readDatasetFolder,
  writeCaptions,
} from './datasets/open-datasets.ts'
