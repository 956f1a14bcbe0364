"""The ways to prove who somebody is, or that somebody holds something: one small file each."""
