"""What would change the verdict of one category and side: pure, standard library only, and by the code that decides."""
