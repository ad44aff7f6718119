"""What docker-compose.yaml, Dockerfile and deploy/ promise."""
