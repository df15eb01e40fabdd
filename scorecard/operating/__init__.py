"""What an operator needs: starting, watching and examining one installation."""
