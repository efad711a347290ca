print("evento-gateway")
