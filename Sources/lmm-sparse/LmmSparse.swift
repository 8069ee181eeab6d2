import ArgumentParser

@main struct LmmSparse: ParsableCommand {}
