"""What a person may have to do when every step is taken, before the application is told: one small file each."""
