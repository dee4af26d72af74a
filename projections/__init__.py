"""What it means at a moment: windows kept for every instant on both clocks, and the questions."""
